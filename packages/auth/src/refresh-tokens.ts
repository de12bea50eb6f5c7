import { createHash, createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a refresh token says: whose session it belongs to, so that one database shard is asked, and its secret. */
export interface RefreshToken {
  userId: string;
  sessionId: string;
  secret: Buffer;
}

const UUID_BYTES = 16;
const SECRET_BYTES = 32;
const TAG_BYTES = 16;
const LENGTH = 2 * UUID_BYTES + SECRET_BYTES + TAG_BYTES;
const TEXT = new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((LENGTH * 4) / 3)}}$`);

/**
 * Opaque refresh tokens: user id, session id, 256 bits, and a tag that says that we made it. Without the tag anyone who
 * knows a session's id could kill that session by presenting a wrong secret, which looks like a stolen token's repeat.
 *
 * @param key at least 32 bytes, the same in all replicas.
 */
export function createRefreshTokens(key: Buffer) {
  const secretKey = createSecretKey(key);
  const mac = (purpose: string, bytes: Buffer) => createHmac('sha256', secretKey).update(purpose).update(bytes).digest();

  return {
    /** The first token of a session. */
    create: (userId: string, sessionId: string): RefreshToken => ({ userId, sessionId, secret: randomBytes(SECRET_BYTES) }),

    /** The token that follows this one: the same each time, whichever replica is asked. */
    next: (token: RefreshToken): RefreshToken => ({ ...token, secret: mac('next', token.secret) }),

    format({ userId, sessionId, secret }: RefreshToken): string {
      const body = Buffer.concat([uuidBytes(userId), uuidBytes(sessionId), secret]);
      return Buffer.concat([body, mac('tag', body).subarray(0, TAG_BYTES)]).toString('base64url');
    },

    /** @returns undefined for anything that wasn't made under this key. */
    parse(text: string): RefreshToken | undefined {
      if (!TEXT.test(text)) return undefined;
      const bytes = Buffer.from(text, 'base64url');
      const body = bytes.subarray(0, -TAG_BYTES);
      if (!timingSafeEqual(bytes.subarray(-TAG_BYTES), mac('tag', body).subarray(0, TAG_BYTES))) return undefined;
      const [userId, sessionId] = [body.subarray(0, UUID_BYTES), body.subarray(UUID_BYTES, 2 * UUID_BYTES)].map(uuidText);
      return userId && sessionId ? { userId, sessionId, secret: body.subarray(2 * UUID_BYTES) } : undefined;
    },

    /** What is stored: the secret has 256 random bits, so a plain hash is enough. */
    hash: ({ secret }: RefreshToken): Buffer => createHash('sha256').update(secret).digest(),
  };
}
export type RefreshTokens = ReturnType<typeof createRefreshTokens>;

function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
