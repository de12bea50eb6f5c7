/** Names of the collections that one app fills and another has to forget things in. */
export const SHARED_COLLECTIONS = { products: 'product-1', pages: 'page-1' } as const;
