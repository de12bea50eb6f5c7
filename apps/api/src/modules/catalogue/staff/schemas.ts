import { type Static, Type } from 'typebox';
import { PRINTABLE, PRINTABLE_LINES } from '../../../text.ts';
import { Available, Money, Sku, Slug } from '../schemas.ts';

const strict = { additionalProperties: false };
/** A slug that reads like an id could never be found under it. */
const NewSlug = Type.String({ ...Slug, not: { format: 'uuid' } });
const Name = Type.String({ minLength: 1, maxLength: 200, pattern: PRINTABLE, examples: ['Quiet Oak Mug'] });
const Description = Type.String({ maxLength: 10_000, pattern: PRINTABLE_LINES, examples: ['Quiet mug of oak, for every day.'] });
const Categories = Type.Array(Slug, { maxItems: 20, uniqueItems: true, description: 'Slugs', examples: [['mugs']] });
const Images = Type.Array(
  Type.Object(
    {
      url: Type.String({ pattern: '^https?://[!-~]+$', maxLength: 2000, examples: ['https://images.example.com/mug.jpg'] }),
      alt: Type.String({ maxLength: 200, pattern: PRINTABLE, examples: ['A mug'] }),
    },
    strict,
  ),
  { maxItems: 20 },
);
const Price = Type.Object(Money.properties, { ...strict, title: 'Price' });

export const CreateProduct = Type.Object(
  {
    slug: Type.Optional(NewSlug),
    name: Name,
    description: Type.Optional(Description),
    categories: Type.Optional(Categories),
    images: Type.Optional(Images),
    variants: Type.Array(Type.Object({ sku: Sku, name: Name, price: Price, available: Available }, strict), { minItems: 1, maxItems: 100 }),
  },
  { ...strict, title: 'CreateProduct' },
);
export type CreateProduct = Static<typeof CreateProduct>;

export const ChangeProduct = Type.Object(
  {
    slug: Type.Optional(NewSlug),
    name: Type.Optional(Name),
    description: Type.Optional(Description),
    categories: Type.Optional(Categories),
    images: Type.Optional(Images),
  },
  { ...strict, minProperties: 1, title: 'ChangeProduct' },
);
export type ChangeProduct = Static<typeof ChangeProduct>;

export const ProductIdParams = Type.Object({ id: Type.String({ format: 'uuid' }) }, strict);
export const IfMatch = Type.Object({ 'if-match': Type.Optional(Type.String({ description: 'ETag of the product that you have seen' })) });
export const VariantParams = Type.Object({ sku: Sku }, strict);
export const SetPrice = Price;
export const VariantPrice = Type.Object({ sku: Sku, price: Money }, { title: 'VariantPrice' });
export type VariantPrice = Static<typeof VariantPrice>;
export const SetStock = Type.Object({ available: Available }, { ...strict, title: 'SetStock' });
export const SetBuckets = Type.Object(
  { buckets: Type.Integer({ minimum: 1, maximum: 64, examples: [8] }) },
  { ...strict, title: 'SetBuckets' },
);
export const Stock = Type.Object({ sku: Sku, available: Available }, { title: 'Stock', description: 'How many can be bought now' });
export type Stock = Static<typeof Stock>;
