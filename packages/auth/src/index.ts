export { type AccessClaims, type AccessTokens, createAccessTokens, ExpiredToken, InvalidToken } from './access-tokens.ts';
export { type KeyRing, openKeyRing, type PublicJwk, rotateKeys } from './keys.ts';
export { createMailTokens, type MailToken, type MailTokenKind, type MailTokens } from './mail-tokens.ts';
export { createPasswords, type Passwords, TooManyPasswords } from './passwords.ts';
export { createRefreshTokens, type RefreshToken, type RefreshTokens } from './refresh-tokens.ts';
export { createRedisRevocationStream, type Revocation, type RevocationStream } from './revocation-stream.ts';
export { createRevocations, type Revocations } from './revocations.ts';
export { allows, isPolicy, type Policy, POLICIES, type Role, ROLES } from './roles.ts';
export { createSessions, type Principal, type RefreshFailure, type Session, type Sessions } from './sessions.ts';
