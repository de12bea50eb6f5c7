import createError from '@fastify/error';

/** One error for a token that was made up, was used or is too old: which it was is nobody else's business. */
export const MailTokenInvalid = createError('MAIL_TOKEN_INVALID', 'This link is not good any more: ask for another', 400);
