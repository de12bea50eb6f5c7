import createError from '@fastify/error';

export const CartFull = createError('CART_FULL', 'A cart holds at most %d different items', 409);
export const InvalidCartToken = createError('INVALID_CART_TOKEN', 'The Cart-Token header is not one that this service issued', 400);
export const CartUnavailable = createError(
  'CART_UNAVAILABLE',
  'Carts are out of reach for the moment. Nothing was changed: try again.',
  503,
);
export const CartStorageFull = createError(
  'CART_STORAGE_FULL',
  'The storage of carts is full: what is in them stays, but nothing can be added now',
  503,
);
