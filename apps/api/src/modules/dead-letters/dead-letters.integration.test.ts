import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openShop, type Shop } from '../../testing/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(inject('stores'), { replicas: 2 });
});
afterAll(() => shop?.close());

/** As the worker writes it when it gives up. */
async function bury() {
  const [userId, eventId] = [randomUUID(), randomUUID()];
  const [letter] = await shop.primary.query<{ id: string }>(
    `INSERT INTO dead_letters (user_id, event_id, topic, version, payload, effect, error, attempts)
     VALUES ($1, $2, 'order.paid', 1, $3, 'receipt', 'no mail server', 8) RETURNING id`,
    [userId, eventId, JSON.stringify({ userId, orderId: randomUUID() })],
  );
  return { userId, eventId, id: `${userId}.${letter?.id}` };
}
const pendingOf = async (eventId: string) =>
  (await shop.primary.query<{ pending: string[] }>('SELECT pending FROM outbox WHERE id = $1', [eventId]))[0]?.pending;

describe('dead letters', () => {
  it('are listed newest first, page by page', async () => {
    const buried = [await bury(), await bury(), await bury()].map(({ id }) => id).toReversed();
    const first = await shop.staff('GET', '/v1/admin/dead-letters?limit=2');
    const second = await shop.staff('GET', `/v1/admin/dead-letters?limit=1&cursor=${first.json().nextCursor}`);
    expect([...first.json().items, ...second.json().items].map(({ id }: { id: string }) => id)).toEqual(buried);
    expect(first.json().items[0]).toMatchObject({ topic: 'order.paid', effect: 'receipt', error: 'no mail server', attempts: 8 });
  });

  it('are replayed once, however many ask at once, and it is recorded who did', async () => {
    const { id, eventId } = await bury();
    const answers = await Promise.all([1, 2, 3].map(() => shop.staff('POST', `/v1/admin/dead-letters/${id}/replay`)));
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([202, 409, 409]);
    expect(answers.find(({ statusCode }) => statusCode === 409)?.json()).toMatchObject({ code: 'dead_letter_replayed' });
    expect(await pendingOf(eventId)).toEqual(['receipt']);
    const records = await shop.primary.query('SELECT 1 FROM audit_records WHERE subject = $1', [`dead_letter:${id}`]);
    expect(records).toHaveLength(1);
    const open = await shop.staff('GET', '/v1/admin/dead-letters?limit=100');
    expect(open.json().items.map((letter: { id: string }) => letter.id)).not.toContain(id);
    const all = await shop.staff('GET', '/v1/admin/dead-letters?limit=100&replayed=true');
    expect(all.json().items.map((letter: { id: string }) => letter.id)).toContain(id);
  });

  it.each(['x', randomUUID(), `${randomUUID()}.${randomUUID()}`])('that are not there are 404: %s', async (id) => {
    const answer = await shop.staff('POST', `/v1/admin/dead-letters/${id}/replay`);
    expect(answer.json()).toMatchObject({ status: 404, code: 'dead_letter_not_found' });
  });

  it.each(['limit=0', 'limit=101', 'cursor=x', 'replayed=maybe', 'what=ever'])('are not asked for with %s', async (query) => {
    expect((await shop.staff('GET', `/v1/admin/dead-letters?${query}`)).statusCode).toBe(400);
  });
});

describe('the queue board', () => {
  const [admin, staff] = ['admin', 'staff'] as const;
  const board = async (headers: Record<string, string>, url = '/admin/queues') => {
    const [replica] = shop.replicas;
    if (!replica) throw new Error('a shop has replicas');
    return replica.app.inject({ method: 'GET', url, headers });
  };

  it('is for administrators', async () => {
    const [replica] = shop.replicas;
    expect((await board({})).json()).toMatchObject({ status: 401, code: 'authentication_required' });
    expect((await board(replica?.as(staff) ?? {})).json()).toMatchObject({ status: 403, code: 'forbidden' });
    const page = await board(replica?.as(admin) ?? {});
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
  });

  it('shows the queues, and lets nobody change them', async () => {
    const [replica] = shop.replicas;
    const { queues } = (await board(replica?.as(admin) ?? {}, '/admin/queues/api/queues')).json();
    expect(queues.map(({ name }: { name: string }) => name)).toEqual(['payment', 'mail', 'stock', 'housekeeping']);
    expect(queues.every(({ readOnlyMode }: { readOnlyMode: boolean }) => readOnlyMode)).toBe(true);
    const emptied = await replica?.app.inject({
      method: 'PUT',
      url: '/admin/queues/api/queues/mail/pause',
      headers: replica.as(admin),
    });
    expect(emptied?.statusCode).toBeGreaterThanOrEqual(400);
  });

  it('comes to a browser by a cookie of its own', async () => {
    const [replica] = shop.replicas;
    const opened = await replica?.app.inject({ method: 'POST', url: '/v1/admin/queues/session', headers: replica.as(admin) });
    expect(opened?.statusCode).toBe(204);
    const cookie = String(opened?.headers['set-cookie']);
    expect(cookie).toMatch(/; Path=\/admin\/queues; Max-Age=\d+; HttpOnly; SameSite=Strict/);
    const [pair = ''] = cookie.split(';');
    expect((await board({ cookie: pair })).statusCode).toBe(200);
    expect((await board({ cookie: pair }, '/v1/admin/dead-letters')).statusCode).toBe(401); // it opens nothing else
    expect((await board({ cookie: `${pair}x` })).statusCode).toBe(401);
  });
});
