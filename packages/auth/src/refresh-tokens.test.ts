import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createRefreshTokens } from './refresh-tokens.ts';

const tokens = createRefreshTokens(randomBytes(32));

describe('a refresh token', () => {
  it('says whose it is, and comes back as it went out', () => {
    const token = tokens.create(randomUUID(), randomUUID());
    expect(tokens.parse(tokens.format(token))).toEqual(token);
  });

  it('is followed by the same one, whoever asks', () => {
    const token = tokens.create(randomUUID(), randomUUID());
    expect(tokens.next(token)).toEqual(tokens.next(token));
    expect(tokens.next(token).secret).not.toEqual(token.secret);
  });

  it('is not taken with one character changed, or made under another key', () => {
    const text = tokens.format(tokens.create(randomUUID(), randomUUID()));
    for (const at of [0, 30, 60, 100]) {
      const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
      expect(tokens.parse(changed)).toBeUndefined();
    }
    expect(createRefreshTokens(randomBytes(32)).parse(text)).toBeUndefined();
    for (const broken of ['', 'x', `${text}A`, text.slice(1)]) expect(tokens.parse(broken)).toBeUndefined();
  });
});
