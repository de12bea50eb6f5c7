import { createHmac, timingSafeEqual } from 'node:crypto';

const SIGNATURE_BYTES = 16;

/** Where a page ended: the sort key and id of its last item. */
export type PageEnd = readonly [key: string | number, id: string];

/**
 * Keyset cursors: opaque, and signed together with the filters they belong to, so that the values in them can go into a
 * query as they are.
 *
 * @param key at least 32 bytes, the same in all replicas.
 */
export function createCursors(key: Buffer) {
  const sign = (payload: string, filters: string) =>
    createHmac('sha256', key).update(payload).update('\n').update(filters).digest().subarray(0, SIGNATURE_BYTES);
  return {
    issue(end: PageEnd, filters: string): string {
      const payload = Buffer.from(JSON.stringify(end)).toString('base64url');
      return `${payload}.${sign(payload, filters).toString('base64url')}`;
    },
    /** @returns undefined for a cursor that wasn't issued under this key for these filters. */
    verify(cursor: string, filters: string): PageEnd | undefined {
      const [payload = '', signature = ''] = cursor.split('.');
      const given = Buffer.from(signature, 'base64url');
      if (given.length !== SIGNATURE_BYTES || !timingSafeEqual(given, sign(payload, filters))) return undefined;
      return JSON.parse(Buffer.from(payload, 'base64url').toString());
    },
  };
}
export type Cursors = ReturnType<typeof createCursors>;
