import { describe, expect, it } from 'vitest';
import { normaliseEmail } from './email.ts';

describe('normaliseEmail', () => {
  it.each([
    ['Ada@Example.COM', 'ada@example.com'],
    ['  ada@example.com ', 'ada@example.com'],
    ['ada+shop@example.com', 'ada+shop@example.com'],
    ['ａｄａ@example.com', 'ada@example.com'], // full width
    ['josé@example.com', 'josé@example.com'], // decomposed
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@EXAMPLE。com', 'ada@example.com'], // ideographic full stop
  ])('finds %j under %j', (typed, address) => {
    expect(normaliseEmail(typed)).toBe(address);
  });

  it.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@localhost',
    'a b@example.com',
    'ada@exa mple.com',
    'ada@@example.com',
    '.ada@example.com',
  ])('knows that %j is no address', (typed) => {
    expect(normaliseEmail(typed)).toBeUndefined();
  });

  it.each([
    'a..b@example.com',
    `${'a'.repeat(65)}@example.com`,
    'ada@-example.com',
    'ada@example.c',
    'a\u0000b@example.com',
    'a<b>@example.com',
  ])('nor is %j', (typed) => {
    expect(normaliseEmail(typed)).toBeUndefined();
  });
});
