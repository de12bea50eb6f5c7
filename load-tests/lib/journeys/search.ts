import { check } from 'k6';
import { ask, jsonOf } from '../http.ts';
import { pick, type PoolProduct } from '../pool.ts';

interface Found {
  items: { slug: string; name: string }[];
}

/** Somebody looks for two words of a product's name, the second mistyped now and then, and opens what comes first. */
export function search({ products }: { products: PoolProduct[] }): void {
  const words = pick(products).name.toLowerCase().split(' ').slice(-2);
  const isMistyped = Math.random() < 0.1;
  const query = words.map((word, index) => (isMistyped && index === words.length - 1 ? mistype(word) : word)).join(' ');
  const answer = ask(`/v1/products?q=${encodeURIComponent(query)}`, { name: 'GET /v1/products?q' });
  const [first] = jsonOf<Found>(answer)?.items ?? [];
  check(answer, {
    'the search answers': ({ status }) => status === 200,
    'what comes first is what was looked for': () =>
      first !== undefined && (isMistyped || words.some((word) => first.name.toLowerCase().includes(word))),
  });
  if (first)
    check(ask(`/v1/products/${first.slug}`, { name: 'GET /v1/products/{slug}' }), { 'the product opens': ({ status }) => status === 200 });
}

/** Two letters change places. */
function mistype(word: string): string {
  return word.length < 5 ? word : `${word.slice(0, 2)}${word[3]}${word[2]}${word.slice(4)}`;
}
