import { createHash } from 'node:crypto';

/** What Redis need not know is not told. */
export function digest(address: string): string {
  return createHash('sha256').update(address).digest('base64url').slice(0, 22);
}
