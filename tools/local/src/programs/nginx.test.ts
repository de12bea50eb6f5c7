import { describe, expect, it } from 'vitest';
import { isOlder, parseVersion } from './nginx.ts';

describe('parseVersion', () => {
  it.each([
    ['nginx version: nginx/1.31.3\n', '1.31.3'],
    ['nginx version: nginx/1.24.0 (Ubuntu)\nbuilt with OpenSSL 3.0.13\n', '1.24.0'],
    ['nginx version: openresty/1.27.1.2\n', undefined],
    ['sh: nginx: not found', undefined],
    ['', undefined],
  ])('%j is %s', (text, version) => {
    expect(parseVersion(text)).toBe(version);
  });
});

describe('isOlder', () => {
  it.each([
    ['1.27.3', '1.27.4', true],
    ['1.9.15', '1.27.4', true],
    ['1.27.4', '1.27.4', false],
    ['1.27.10', '1.27.4', false],
    ['2.0.0', '1.27.4', false],
  ])('%s before %s: %s', (a, b, older) => {
    expect(isOlder(a, b)).toBe(older);
  });
});
