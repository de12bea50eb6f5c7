import { describe, expect, it, vi } from 'vitest';
import { type Answer, ask, itemsOf } from '../client.ts';
import { askEveryReplica } from '../every-replica.ts';
import { signIn } from '../people.ts';
import { availableIn, putOnSale, setStock } from '../shop.ts';
import type { Subject } from '../subject.ts';

export function describeCatalogue(subject: () => Subject): void {
  describe('the catalogue', () => {
    it('is the same on every replica, and costs who has it already a 304', async () => {
      const { url } = subject();
      const list = `${url}/v1/products?limit=20&sort=name`;
      const [first] = itemsOf(await ask(list));
      for (const page of [list, `${url}/v1/products/${String(first?.['slug'])}`]) {
        const answers = [...(await askEveryReplica(subject(), () => ask(page))).values()].flat();
        const tags = new Set(answers.map(tagOf));
        expect([answers.map(({ status }) => status).filter((status) => status !== 200), tags.size]).toEqual([[], 1]);
        const [etag = ''] = tags;
        const again = await ask(page, 'GET', undefined, { 'if-none-match': etag });
        expect([again.status, again.body, tagOf(again)]).toEqual([304, {}, etag]);
      }
    });

    it('pages through without leaving out or repeating one', async () => {
      const { url } = subject();
      const pages = `${url}/v1/products?sort=name&limit=50`;
      const first = await ask(pages);
      const second = await ask(`${pages}&cursor=${encodeURIComponent(String(first.body['nextCursor']))}`);
      const both = [...itemsOf(first), ...itemsOf(second)].map(({ id }) => id);
      const whole = itemsOf(await ask(`${url}/v1/products?sort=name&limit=100`)).map(({ id }) => id);
      expect([both, new Set(both).size]).toEqual([whole, 100]);
    });

    it('shows a write of staff to whoever sends its Consistency-Token, on every replica, and soon to everybody', async () => {
      const { url, credentials } = subject();
      const staff = await signIn(subject(), credentials.staff);
      const { slug, sku } = await putOnSale(subject(), 1);
      const page = `${url}/v1/products/${slug}`;
      await askEveryReplica(subject(), () => ask(page)); // each has it in its cache
      const token = (await setStock({ url }, sku, 77, staff)).headers.get('consistency-token') ?? '';
      const seen = await askEveryReplica(subject(), () => ask(page, 'GET', undefined, { 'consistency-token': token }));
      expect(new Set([...seen.values()].flat().map((answer) => availableIn(answer, sku)))).toEqual(new Set([77]));
      const everywhere = async () => {
        const answers = await askEveryReplica(subject(), () => ask(page));
        expect(new Set([...answers.values()].flat().map((answer) => availableIn(answer, sku)))).toEqual(new Set([77]));
      };
      await vi.waitFor(everywhere, { timeout: 10_000, interval: 50 });
    });
  });
}

/** Without the mark of weakness, which the edge adds when it compresses. */
function tagOf({ headers }: Pick<Answer, 'headers'>): string {
  return (headers.get('etag') ?? '').replace(/^W\//, '');
}
