import createError from '@fastify/error';

export const ProductNotFound = createError('PRODUCT_NOT_FOUND', 'There is no product %s', 404);
export const SkuNotFound = createError('SKU_NOT_FOUND', 'There is no variant %s', 404);
export const CategoryNotFound = createError('CATEGORY_NOT_FOUND', 'There is no category %s', 404);
export const InvalidCursor = createError('INVALID_CURSOR', 'The cursor is not one that this list issued for these filters', 400);
