import { describe, expect, it } from 'vitest';
import { checkTarget } from './target.ts';

describe('checkTarget', () => {
  it.each(['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:8080', 'http://edge:8080', 'https://127.0.0.1'])(
    'takes %s',
    (target) => {
      expect(checkTarget(target, undefined)).toBe(target);
    },
  );

  it.each([
    'http://example.com',
    'http://127.0.0.1.example.com',
    'http://127.0.0.2',
    'http://localhost@example.com',
    'http://edge.example.com',
    'http://127.0.0.1:8080@example.com/',
  ])('refuses %s', (target) => {
    expect(() => checkTarget(target, undefined)).toThrow(/target/);
    expect(() => checkTarget(target, 'http://127.0.0.1')).toThrow(/target/);
  });

  it('takes a foreign target that was named as owned, and only that one', () => {
    expect(checkTarget('https://shop.example.com/', 'https://shop.example.com')).toBe('https://shop.example.com');
    expect(() => checkTarget('https://other.example.com', 'https://shop.example.com')).toThrow(/--i-own-this-target/);
  });

  it('refuses what is no URL', () => {
    expect(() => checkTarget('127.0.0.1:8080', undefined)).toThrow(/must look like/);
    expect(() => checkTarget('http://127.0.0.1/v1', 'http://127.0.0.1/v1')).toThrow(/must look like/);
  });
});
