import createError from '@fastify/error';

export const UserNotFound = createError('USER_NOT_FOUND', 'There is no such user', 404);
export const OwnAccount = createError('OWN_ACCOUNT', 'Administrators change the role or state of others, not their own', 409);
