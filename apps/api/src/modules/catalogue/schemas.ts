import { type Static, Type } from 'typebox';
import { PRINTABLE } from '../../text.ts';

/** Amounts fit a 32-bit column: 21 million of a currency with cents. */
const MAX_AMOUNT = 2_147_483_647;

export const Sku = Type.String({ pattern: '^[A-Z0-9-]{3,32}$', examples: ['MUG-00042-S'] });
const SLUG = { pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', minLength: 1, maxLength: 128, examples: ['mugs'] };
export const Slug = Type.String(SLUG);
export const Amount = Type.Integer({ minimum: 0, maximum: MAX_AMOUNT, description: 'Minor units: 1299 is 12.99', examples: [1299] });
export const Money = Type.Object(
  { amount: Amount, currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217', examples: ['EUR'] }) },
  { title: 'Money' },
);
export const Available = Type.Integer({ minimum: 0, maximum: 1_000_000_000, examples: [12] });

const Variant = Type.Object(
  { sku: Sku, name: Type.String({ examples: ['Small'] }), price: Money, available: Available },
  { title: 'Variant' },
);

const Image = Type.Object({
  url: Type.String({ examples: ['https://images.example.com/mug.jpg'] }),
  alt: Type.String({ examples: ['A mug'] }),
});

export const Product = Type.Object(
  {
    id: Type.String({ format: 'uuid', examples: ['019b7654-8c00-7abc-8def-0123456789ab'] }),
    slug: Slug,
    name: Type.String({ examples: ['Quiet Oak Mug'] }),
    description: Type.String({ examples: ['Quiet mug of oak, for every day.'] }),
    categories: Type.Array(Slug, { description: 'Slugs', examples: [['mugs']] }),
    variants: Type.Array(Variant),
    images: Type.Array(Image),
    updatedAt: Type.String({ format: 'date-time', examples: ['2026-01-01T00:00:00.000Z'] }),
  },
  { title: 'Product', description: 'A product with its variants' },
);
export type Product = Static<typeof Product>;

export const ProductList = Type.Object(
  {
    items: Type.Array(Product),
    nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page', examples: ['eyJrIjpb…'] }),
  },
  { title: 'ProductList', description: 'A page of products' },
);

export const Category = Type.Object(
  {
    slug: Slug,
    name: Type.String({ examples: ['Mugs'] }),
    parent: Type.Union([Slug, Type.Null()], { description: 'Slug of the category above; null at the top', examples: ['kitchen'] }),
  },
  { title: 'Category' },
);
export type Category = Static<typeof Category>;

export const CategoryList = Type.Object({ items: Type.Array(Category) }, { title: 'CategoryList', description: 'All categories' });

const SORTS = ['price', '-price', 'name', 'newest'] as const;

export const ListProducts = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 100, default: 20, examples: [20] }),
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, pattern: '^[A-Za-z0-9_.-]+$', description: 'nextCursor of the page before' }),
    ),
    q: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        pattern: PRINTABLE,
        description: 'Words to look for; typing errors are forgiven',
        examples: ['oak mug'],
      }),
    ),
    category: Type.Optional(Type.String({ ...SLUG, description: 'Slug; includes what lies below it' })),
    minPrice: Type.Optional(Amount),
    maxPrice: Type.Optional(Amount),
    inStock: Type.Optional(Type.Boolean({ description: 'Only what can be bought now', examples: [true] })),
    sort: Type.Optional(
      Type.Enum([...SORTS], { description: 'Best match first when there is a q, otherwise newest', examples: ['price'] }),
    ),
  },
  { additionalProperties: false },
);
export type ListProducts = Static<typeof ListProducts>;

export const ProductParams = Type.Object(
  {
    id: Type.String({
      pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
      maxLength: 128,
      description: 'Id or slug',
      examples: ['019b7654-8c00-7abc-8def-0123456789ab'],
    }),
  },
  { additionalProperties: false },
);
