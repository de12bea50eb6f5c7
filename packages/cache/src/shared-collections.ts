/** Names of the collections that one app fills and another has to forget things in. A name's number is that of its values' form. */
export const SHARED_COLLECTIONS = { products: 'product-2', pages: 'page-1' } as const;
