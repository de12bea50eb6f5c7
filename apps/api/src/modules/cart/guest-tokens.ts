import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const ID_BYTES = 16;
const SIGNATURE_BYTES = 16;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * What a guest holds of a cart: whoever has the token has the cart. Signed, so that nobody can fill redis-state with carts
 * of made-up names, nor try names until one is somebody's.
 *
 * @param key at least 32 bytes, the same in all replicas.
 */
export function createGuestTokens(key: Buffer) {
  const sign = (id: Buffer) => createHmac('sha256', key).update(id).digest().subarray(0, SIGNATURE_BYTES);
  return {
    issue(): string {
      const id = randomBytes(ID_BYTES);
      return Buffer.concat([id, sign(id)]).toString('base64url');
    },
    /** @returns the guest's id, or undefined for a token that wasn't issued under this key. */
    verify(token: string): string | undefined {
      if (!TOKEN.test(token)) return undefined;
      const bytes = Buffer.from(token, 'base64url');
      const id = bytes.subarray(0, ID_BYTES);
      return timingSafeEqual(bytes.subarray(ID_BYTES), sign(id)) ? id.toString('base64url') : undefined;
    },
  };
}
export type GuestTokens = ReturnType<typeof createGuestTokens>;
