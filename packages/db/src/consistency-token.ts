import { createHmac, timingSafeEqual } from 'node:crypto';
import { parsePosition, type Position } from '@tenfold/runtime';

const POSITION_BYTES = 12;
const SIGNATURE_BYTES = 16;
const TOKEN = /^[A-Za-z0-9_-]{38}$/;

/**
 * What a client gets after a write and sends with its next read, to see at least that write.
 *
 * Signed, because a position that was made up (one far in the future) would send every read to the primary.
 *
 * @param key at least 32 bytes, the same in all replicas.
 */
export function createConsistencyTokens(key: Buffer) {
  const sign = (position: Buffer) => createHmac('sha256', key).update(position).digest().subarray(0, SIGNATURE_BYTES);
  return {
    issue(position: Position): string {
      const bytes = Buffer.from(position, 'hex');
      return Buffer.concat([bytes, sign(bytes)]).toString('base64url');
    },
    /** @returns undefined for anything that wasn't issued under this key. */
    verify(token: string): Position | undefined {
      if (!TOKEN.test(token)) return undefined;
      const bytes = Buffer.from(token, 'base64url');
      const position = bytes.subarray(0, POSITION_BYTES);
      if (!timingSafeEqual(bytes.subarray(POSITION_BYTES), sign(position))) return undefined;
      return parsePosition(position.toString('hex').toUpperCase());
    },
  };
}
export type ConsistencyTokens = ReturnType<typeof createConsistencyTokens>;
