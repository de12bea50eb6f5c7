import { check } from 'k6';
import { ask, jsonOf } from '../http.ts';
import { pick, type PoolProduct } from '../pool.ts';

interface Page {
  items: { slug: string }[];
  nextCursor: string | null;
}

/** Somebody looks around: a shelf, its next page, a product, and that product again (which costs a 304). */
export function browse({ products }: { products: PoolProduct[] }): void {
  const wanted = pick(products);
  const first = openShelf(wanted.category);
  if (first?.nextCursor) openShelf(wanted.category, first.nextCursor);
  const etag = openProduct(wanted.slug);
  if (etag) openProductAgain(wanted.slug, etag);
}

function openShelf(category: string, cursor?: string): Partial<Page> | undefined {
  const answer = ask(`/v1/products?category=${category}${cursor ? `&cursor=${cursor}` : ''}`, { name: 'GET /v1/products' });
  const page = jsonOf<Page>(answer);
  check(answer, {
    'the shelf opens': ({ status }) => status === 200,
    'the shelf has products': () => (page?.items?.length ?? 0) > 0,
  });
  return page;
}

function openProduct(slug: string): string | undefined {
  const answer = ask(`/v1/products/${slug}`, { name: 'GET /v1/products/{slug}' });
  check(answer, {
    'the product opens': ({ status }) => status === 200,
    'it is the product that was asked for': () => jsonOf<{ slug: string }>(answer)?.slug === slug,
  });
  return answer.headers['Etag'];
}

function openProductAgain(slug: string, etag: string): void {
  const answer = ask(`/v1/products/${slug}`, { name: 'GET /v1/products/{slug} again', headers: { 'if-none-match': etag } });
  check(answer, {
    // A 200 is right as well: somebody may have bought the last one in between.
    'an unchanged product costs no body': ({ status, body }) => (status === 304 && !body) || status === 200,
  });
}
