import { type Db, recordAudit } from '@tenfold/db';
import type { Position } from '@tenfold/runtime';
import { matchesVersion } from '../../../plugins/conditional.ts';
import { withField } from '../../../plugins/problems.ts';
import type { Actor } from '../../audit/actor.ts';
import { type Body, type CatalogueCache, productBody } from '../catalogue-cache.ts';
import {
  CategoryNotFound,
  CurrencyMismatch,
  DuplicateSku,
  MixedCurrencies,
  NoSlug,
  PreconditionFailed,
  PreconditionRequired,
  ProductNotFound,
  SkuNotFound,
  SkuTaken,
  SlugTaken,
} from '../errors.ts';
import { createStaffRepository, type StaffRepository } from './repository.ts';
import type { ChangeProduct, CreateProduct, Stock, VariantPrice } from './schemas.ts';

/** A change that is committed, and from which position on it can be read. */
interface Changed<T> {
  value: T;
  position: Position;
}

/** What staff change of the catalogue: each change with its audit record, and out of every cache before it is answered. */
export function createCatalogueStaff(db: Db, cache: CatalogueCache) {
  /** One change in one transaction; the record says who did it. */
  const change = <T>(
    work: (products: StaffRepository, audit: (action: string, subject: string, detail?: object) => Promise<void>) => Promise<T>,
    actor: Actor,
  ) =>
    db.primary.transaction((tx) =>
      work(createStaffRepository(tx), (action, subject, detail = {}) =>
        recordAudit(tx, { ...actor, action, subject, detail: { ...detail } }),
      ),
    );

  return {
    /** @throws SlugTaken, SkuTaken, CategoryNotFound, DuplicateSku, MixedCurrencies, NoSlug */
    async create(actor: Actor, given: CreateProduct): Promise<Changed<{ id: string; body: Body }>> {
      const slug = given.slug ?? slugOf(given.name);
      const lowestPrice = checkVariants(given.variants);
      const { value, position } = await change(async (products, audit) => {
        const { name, description = '', images = [], categories = [], variants } = given;
        const id = await products.insertProduct({ slug, name, description, images }, lowestPrice);
        if (id === undefined) throw withField(new SlugTaken(slug), 'slug', 'is taken');
        const free = await products.insertVariants(id, variants);
        const taken = variants.findIndex(({ sku }) => !free.includes(sku));
        if (taken >= 0) throw withField(new SkuTaken(variants[taken]?.sku), `variants.${taken}.sku`, 'is taken');
        await putInCategories(products, id, categories);
        await audit('product.created', `product:${id}`, given);
        return { id, body: await bodyOf(products, id) };
      }, actor);
      await cache.productChanged({ id: value.id, slugs: [slug], lists: true }, position);
      return { value, position };
    },

    /**
     * @param ifMatch the entity tag that the change was made for: two who edit at once don't overwrite each other. What was
     *   sold since is no edit.
     * @throws PreconditionRequired, PreconditionFailed, ProductNotFound, SlugTaken, CategoryNotFound
     */
    async update(actor: Actor, id: string, ifMatch: string | undefined, given: ChangeProduct): Promise<Changed<Body>> {
      if (ifMatch === undefined) throw withField(new PreconditionRequired(), 'If-Match', 'is missing');
      const { value, position } = await change(async (products, audit) => {
        const before = (await products.lock(id)) && (await products.product(id));
        if (!before) throw new ProductNotFound(id);
        if (!matchesVersion(ifMatch, before.version)) return { slugs: [before.slug] };
        if (given.slug !== undefined && (await products.slugIsTaken(given.slug, id)))
          throw withField(new SlugTaken(given.slug), 'slug', 'is taken');
        await products.update(id, given);
        if (given.categories) await putInCategories(products, id, given.categories);
        await audit('product.changed', `product:${id}`, given);
        return { slugs: [before.slug, given.slug ?? before.slug], body: await bodyOf(products, id) };
      }, actor);
      // Without an edit too: whoever made the last one may have died before it told the caches, and "read it again" would
      // find the old entity tag for as long as they keep it.
      await cache.productChanged({ id, slugs: value.slugs, lists: value.body !== undefined }, position);
      if (!value.body) throw withField(new PreconditionFailed(), 'If-Match', 'is of an older version');
      return { value: value.body, position };
    },

    /** Takes a product off sale for good; orders still name it. Twice is once. @throws ProductNotFound */
    async archive(actor: Actor, id: string): Promise<Position> {
      const { value: slug, position } = await change(async (products, audit) => {
        const archived = await products.archive(id);
        if (archived === undefined) throw new ProductNotFound(id);
        await audit('product.archived', `product:${id}`);
        return archived;
      }, actor);
      await cache.productChanged({ id, slugs: [slug], lists: true }, position);
      return position;
    },

    /** @throws SkuNotFound, CurrencyMismatch */
    async setPrice(actor: Actor, sku: string, price: VariantPrice['price']): Promise<Changed<VariantPrice>> {
      const { value, position } = await change(async (products, audit) => {
        const changed = await products.setPrice(sku, price.amount, price.currency);
        if (!changed) throw await whyNotPriced(products, sku);
        await audit('variant.price_set', `variant:${sku}`, { before: changed.before, ...price });
        return changed;
      }, actor);
      await cache.productChanged({ id: value.productId, slugs: [value.productSlug], lists: true }, position);
      return { value: { sku, price }, position };
    },

    /**
     * Sets how many of a variant there are, or over how many rows that is spread.
     *
     * @throws SkuNotFound
     */
    async setStock(actor: Actor, sku: string, stock: { available: number } | { buckets: number }): Promise<Changed<Stock>> {
      const { value, position } = await change(async (products, audit) => {
        const changed = await products.setStock(sku, stock);
        if (!changed) throw new SkuNotFound(sku);
        await audit('variant.stock_set', `variant:${sku}`, { before: changed.before, ...stock });
        return changed;
      }, actor);
      // Only then may it enter or leave the lists of what is in stock.
      const lists = (value.before === 0) !== (value.available === 0);
      await cache.productChanged({ id: value.productId, slugs: [value.productSlug], lists }, position);
      return { value: { sku, available: value.available }, position };
    },
  };
}
export type CatalogueStaff = ReturnType<typeof createCatalogueStaff>;

async function putInCategories(products: StaffRepository, id: string, slugs: readonly string[]) {
  if ((await products.setCategories(id, slugs)) < slugs.length) {
    throw withField(new CategoryNotFound(slugs.join(', ')), 'categories', 'has one that there is not');
  }
}

async function whyNotPriced(products: StaffRepository, sku: string): Promise<Error> {
  const currency = await products.currencyOf(sku);
  return currency === undefined ? new SkuNotFound(sku) : withField(new CurrencyMismatch(currency), 'currency', `must be ${currency}`);
}

async function bodyOf(products: StaffRepository, id: string): Promise<Body> {
  const found = await products.product(id);
  if (!found) throw new ProductNotFound(id);
  return productBody(found);
}

/** @returns the lowest price. @throws DuplicateSku, MixedCurrencies */
function checkVariants(variants: CreateProduct['variants']): number {
  const currency = variants[0]?.price.currency;
  const seen = new Set<string>();
  for (const [index, { sku, price }] of variants.entries()) {
    if (seen.has(sku)) throw withField(new DuplicateSku(sku), `variants.${index}.sku`, 'is there twice');
    if (price.currency !== currency) throw withField(new MixedCurrencies(), `variants.${index}.price.currency`, `must be ${currency}`);
    seen.add(sku);
  }
  return Math.min(...variants.map(({ price }) => price.amount));
}

/** `Café Crème 2` as `cafe-creme-2`. @throws NoSlug where nothing is left. */
function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 128)
    .replace(/-$/, '');
  if (!slug) throw withField(new NoSlug(), 'slug', 'is missing');
  return slug;
}
