import createError from '@fastify/error';

export const DeadLetterNotFound = createError('DEAD_LETTER_NOT_FOUND', 'There is no such dead letter', 404);
export const AlreadyReplayed = createError('DEAD_LETTER_REPLAYED', 'This dead letter was replayed already', 409);
