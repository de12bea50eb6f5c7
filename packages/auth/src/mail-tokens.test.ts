import { describe, expect, it } from 'vitest';
import { createMailTokens } from './mail-tokens.ts';

const tokens = createMailTokens(Buffer.alloc(32, 1));
const token = { userId: '01900000-0000-7000-8000-000000000001', id: '01900000-0000-7000-8000-000000000002' };
const text = tokens.format('reset_password', token);

describe('mail tokens', () => {
  it('give back what they were made of, and are the same each time', () => {
    expect(tokens.parse('reset_password', text)).toEqual(token);
    expect(tokens.format('reset_password', token)).toBe(text);
  });

  it.each([
    ['for another kind', tokens, 'verify_email', text],
    ['under another key', createMailTokens(Buffer.alloc(32, 2)), 'reset_password', text],
    ['with a letter changed', tokens, 'reset_password', `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`],
    ['cut short', tokens, 'reset_password', text.slice(0, -1)],
    ['empty', tokens, 'reset_password', ''],
    ['of the right length and nothing else', tokens, 'reset_password', '%'.repeat(text.length)],
  ] as const)('are nothing %s', (_what, reader, kind, given) => {
    expect(reader.parse(kind, given)).toBeUndefined();
  });
});
