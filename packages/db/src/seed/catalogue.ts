import { createRandom, type Random } from './random.ts';
import { DEPARTMENTS, MATERIALS, MOODS, SIZES, USES } from './words.ts';

export interface SeedCategory {
  id: string;
  slug: string;
  name: string;
  parentId: string | null;
  position: number;
}

export interface SeedProduct {
  id: string;
  slug: string;
  name: string;
  description: string;
  priceAmount: number;
  createdAt: string;
  categoryIds: string[];
  variants: { sku: string; name: string; priceAmount: number; currency: string; position: number; available: number }[];
}

const SEED = 20_260_101;
const FIRST_DAY = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

/** The same catalogue in every run, on every machine: departments with shelves, and `count` products on the shelves. */
export function createCatalogue(count: number): { categories: SeedCategory[]; products: SeedProduct[] } {
  const random = createRandom(SEED);
  const categories: SeedCategory[] = [];
  const shelves: { id: string; parentId: string; noun: string; code: string }[] = [];
  for (const [position, { name, shelves: names }] of DEPARTMENTS.entries()) {
    const parent = { id: random.uuidv7(FIRST_DAY), slug: slugify(name), name, parentId: null, position };
    categories.push(parent);
    for (const [index, [shelf, noun]] of names.entries()) {
      const id = random.uuidv7(FIRST_DAY);
      categories.push({ id, slug: slugify(shelf), name: shelf, parentId: parent.id, position: index });
      shelves.push({
        id,
        parentId: parent.id,
        noun,
        code: noun
          .replaceAll(/[^A-Za-z]/g, '')
          .slice(0, 4)
          .toUpperCase(),
      });
    }
  }
  const products = Array.from({ length: count }, (_, index) => {
    const shelf = shelves[random.integer(0, shelves.length - 1)];
    if (!shelf) throw new Error('there are no shelves');
    return createProduct(random, index, shelf);
  });
  return { categories, products };
}

function createProduct(random: Random, index: number, shelf: { id: string; noun: string; code: string }): SeedProduct {
  const mood = random.pick(MOODS);
  const material = random.pick(MATERIALS);
  const name = `${mood} ${material} ${shelf.noun}`;
  const number = String(index + 1).padStart(5, '0');
  const base = random.integer(4, 300) * 100 - 1;
  const time = FIRST_DAY + index * MINUTE;
  const variants = SIZES.slice(0, random.integer(1, SIZES.length)).map(({ code, name: size }, position) => ({
    sku: `${shelf.code}-${number}-${code}`,
    name: size,
    priceAmount: base + position * 500,
    currency: 'EUR',
    position,
    available: random.next() < 0.05 ? 0 : random.integer(1, 500),
  }));
  return {
    id: random.uuidv7(time),
    slug: `${slugify(name)}-${number}`,
    name,
    description: `${mood} ${shelf.noun.toLowerCase()} of ${material.toLowerCase()}, ${random.pick(USES)}. Made to last, and easy to repair.`,
    priceAmount: base,
    createdAt: new Date(time).toISOString(),
    categoryIds: [shelf.id],
    variants,
  };
}

function slugify(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
