import createError from '@fastify/error';

export const InvalidEmail = createError('INVALID_EMAIL', 'This is not an e-mail address', 400);
export const EmailTaken = createError('EMAIL_TAKEN', 'There is an account with this e-mail address already', 409);
/** One error for an unknown address, a wrong password and a closed account: which it was is nobody else's business. */
export const InvalidCredentials = createError('INVALID_CREDENTIALS', 'The e-mail address or the password is wrong', 401);
export const WrongPassword = createError('WRONG_PASSWORD', 'The current password is wrong', 403);
export const RefreshTokenMissing = createError('REFRESH_TOKEN_MISSING', 'Send the refresh token in the body or in its cookie', 401);
export const RefreshTokenInvalid = createError('REFRESH_TOKEN_INVALID', 'The refresh token is not one that this service issued', 401);
export const RefreshTokenExpired = createError('REFRESH_TOKEN_EXPIRED', 'The session was not used for too long: sign in again', 401);
export const RefreshTokenRevoked = createError('REFRESH_TOKEN_REVOKED', 'The session has ended: sign in again', 401);
export const RefreshTokenReused = createError(
  'REFRESH_TOKEN_REUSED',
  'The refresh token was used before, so the session was ended: sign in again',
  401,
);
export const SessionNotFound = createError('SESSION_NOT_FOUND', 'You have no such session', 404);
export const CrossSiteRequest = createError('CROSS_SITE_REQUEST', "Another site's page may not use the session cookie", 403);
export const SignInOverloaded = createError('OVERLOADED', 'Too many are signing in at this moment. Try again.', 503);
