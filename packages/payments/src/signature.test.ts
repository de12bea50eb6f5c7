import { describe, expect, it } from 'vitest';
import { signWebhook, verifyWebhook } from './signature.ts';

const SECRET = 'a secret of some length';
const body = Buffer.from('{"a":1}');
const now = Date.parse('2026-03-01T12:00:00Z');
const signed = signWebhook(body, SECRET, now);

describe('verifyWebhook', () => {
  it('takes what was signed, within the replay window', () => {
    expect(() => verifyWebhook(body, signed, SECRET, now + 299_000)).not.toThrow();
  });

  it.each([
    ['another body', Buffer.from('{"a":2}'), signed, SECRET, now, 'signature'],
    ['another secret', body, signed, 'another secret of some length', now, 'signature'],
    ['another time under the same signature', body, signed.replace(/t=\d+/, `t=${now / 1000 + 1}`), SECRET, now, 'signature'],
    ['no header', body, undefined, SECRET, now, 'signature'],
    ['a header of another kind', body, 'v1=abc', SECRET, now, 'signature'],
    ['an old recording', body, signed, SECRET, now + 301_000, 'timestamp'],
    ['a time to come', body, signed, SECRET, now - 301_000, 'timestamp'],
  ])('refuses %s', (_what, given, header, secret, at, problem) => {
    expect(() => verifyWebhook(given, header, secret, at)).toThrow(expect.objectContaining({ name: 'InvalidWebhook', problem }));
  });
});
