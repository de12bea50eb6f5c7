import type { ApiStatus } from '@tenfold/cluster';
import { LoadError } from '../run/errors.ts';

/** Products that the trials look at: few, so that a replica reads next to nothing again while it is measured (CACHE_FRESH). */
const PRODUCTS = 40;
const LOCALHOST = '127.0.0.1';
/** Requests under way at once while a replica's memory is filled. */
const AT_ONCE = 4;

/** What is asked about one product, and what the answers have to contain; prove/k6/trial.ts reads it. */
export interface Question {
  product: string;
  slug: string;
  shelf: string;
  search: string;
  /** What of it is bought. */
  sku: string;
}

interface List {
  items: { slug: string; name: string; categories: string[]; variants: { sku: string }[] }[];
  nextCursor: string | null;
}

/** Reads the newest products; the catalogue is seeded, so they are the same on every machine. @throws LoadError */
export async function loadQuestions(target: string): Promise<Question[]> {
  const questions: Question[] = [];
  let cursor: string | null = '';
  while (questions.length < PRODUCTS && cursor !== null) {
    const response = await fetch(`${target}/v1/products?limit=${PRODUCTS}${cursor === '' ? '' : `&cursor=${cursor}`}`).catch(() => {
      throw new LoadError(`Nobody answers at ${target}: is the cluster up? npm run cluster -- status says so.`);
    });
    if (!response.ok) throw new LoadError(`The catalogue could not be read: ${response.status} ${response.statusText}.`);
    const list: List = JSON.parse(await response.text());
    questions.push(...list.items.map(questionOf));
    cursor = list.nextCursor;
  }
  if (questions.length === 0) throw new LoadError('There are no products to look at: seed the catalogue first.');
  return questions;
}

function questionOf({ slug, name, categories, variants }: List['items'][number]): Question {
  const words = name.split(' ').slice(-2).join('+').toLowerCase();
  return {
    slug,
    product: `/v1/products/${slug}`,
    shelf: `/v1/products?category=${categories[0] ?? ''}`,
    search: `/v1/products?limit=5&q=${words}`,
    sku: variants[0]?.sku ?? '',
  };
}

/** Asks one replica everything once, past the edge, so that no trial is the first to ask. */
export async function fillMemory(
  { host = LOCALHOST, port }: Pick<ApiStatus, 'host' | 'port'>,
  questions: readonly Question[],
): Promise<void> {
  const paths = [...new Set(questions.flatMap(({ product, shelf, search }) => [product, shelf, search]))];
  const worker = async () => {
    for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
      const response = await fetch(`http://${host}:${port}${path}`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
