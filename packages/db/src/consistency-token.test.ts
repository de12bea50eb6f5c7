import { position } from '@tenfold/runtime';
import { describe, expect, it } from 'vitest';
import { createConsistencyTokens } from './consistency-token.ts';

const tokens = createConsistencyTokens(Buffer.alloc(32, 1));
const somewhere = position(1, '0/16B3748');

describe('consistency tokens', () => {
  it('carry a position', () => {
    expect(tokens.verify(tokens.issue(somewhere))).toBe(somewhere);
  });

  it('of another key are refused', () => {
    expect(createConsistencyTokens(Buffer.alloc(32, 2)).verify(tokens.issue(somewhere))).toBeUndefined();
  });

  it('cannot be moved to another position', () => {
    const token = Buffer.from(tokens.issue(somewhere), 'base64url');
    token.writeUInt8(0xff, 4);
    expect(tokens.verify(token.toString('base64url'))).toBeUndefined();
  });

  it.each(['', 'x', `${tokens.issue(somewhere)}A`, tokens.issue(somewhere).slice(1), '\u{1F600}'.repeat(19)])('refuses %j', (text) => {
    expect(tokens.verify(text)).toBeUndefined();
  });
});
