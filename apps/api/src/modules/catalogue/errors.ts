import createError from '@fastify/error';

export const ProductNotFound = createError('PRODUCT_NOT_FOUND', 'There is no product %s', 404);
export const SkuNotFound = createError('SKU_NOT_FOUND', 'There is no variant %s', 404);
export const CategoryNotFound = createError('CATEGORY_NOT_FOUND', 'There is no category %s', 404);
export const InvalidCursor = createError('INVALID_CURSOR', 'The cursor is not one that this list issued for these filters', 400);
export const SlugTaken = createError('SLUG_TAKEN', 'There is a product with the slug %s already', 409);
export const SkuTaken = createError('SKU_TAKEN', 'There is a variant %s already', 409);
export const DuplicateSku = createError('INVALID_REQUEST', 'The variants name %s twice', 400);
export const MixedCurrencies = createError('INVALID_REQUEST', 'The prices of one product are of one currency', 400);
export const NoSlug = createError('INVALID_REQUEST', 'No slug can be made of this name: give one', 400);
export const CurrencyMismatch = createError('CURRENCY_MISMATCH', 'The variant is priced in %s', 409);
export const PreconditionRequired = createError(
  'PRECONDITION_REQUIRED',
  'Send If-Match with the ETag of the product that you have seen',
  428,
);
export const PreconditionFailed = createError('PRECONDITION_FAILED', 'The product has changed since: read it again', 412);
