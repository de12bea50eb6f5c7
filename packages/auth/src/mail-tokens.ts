import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a mailed token may be good for; one for the one thing opens nothing else. */
export type MailTokenKind = 'verify_email' | 'reset_password';

export interface MailToken {
  userId: string;
  /** Of the row that says whether it is still good, and was not used. */
  id: string;
}

export interface MailTokens {
  /** The same for the same row at any time: a mail that is sent again carries the same token. */
  format(kind: MailTokenKind, token: MailToken): string;
  /** @returns undefined for what we didn't sign, or signed for another kind. */
  parse(kind: MailTokenKind, text: string): MailToken | undefined;
}

const IDS = 32;
const SIGNATURE = 32;
const LENGTH = Math.ceil(((IDS + SIGNATURE) * 4) / 3);

/** Tokens for mails: two ids under a signature. The database holds nothing that would open an account. */
export function createMailTokens(key: Buffer): MailTokens {
  const sign = (kind: MailTokenKind, ids: Buffer) => createHmac('sha256', key).update(`${kind}.`).update(ids).digest();
  return {
    format(kind, { userId, id }) {
      const ids = Buffer.from(`${userId}${id}`.replaceAll('-', ''), 'hex');
      return Buffer.concat([ids, sign(kind, ids)]).toString('base64url');
    },
    parse(kind, text) {
      if (text.length !== LENGTH || !/^[\w-]+$/.test(text)) return undefined;
      const bytes = Buffer.from(text, 'base64url');
      const ids = bytes.subarray(0, IDS);
      if (!timingSafeEqual(bytes.subarray(IDS), sign(kind, ids))) return undefined;
      return { userId: toUuid(ids.subarray(0, 16)), id: toUuid(ids.subarray(16)) };
    },
  };
}

function toUuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
