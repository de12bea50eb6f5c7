import { afterAll, describe, expect, it } from 'vitest';
import { createPasswords, TooManyPasswords } from './passwords.ts';

const passwords = createPasswords({ maxQueue: 3 });
afterAll(() => passwords.close());

describe('passwords', () => {
  it('are kept as argon2id with the parameters that OWASP asks for, salted', async () => {
    const [one, two] = [await passwords.hash('correct horse'), await passwords.hash('correct horse')];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
    expect(await passwords.verify('correct horse', one)).toBe(true);
    expect(await passwords.verify('correct horsf', one)).toBe(false);
  });

  it('are the same however a keyboard composes their letters', async () => {
    expect(await passwords.verify('crème', await passwords.hash('cre\u0300me'))).toBe(true);
  });

  it('are never right for an unknown user', async () => {
    expect(await passwords.verify('anything', undefined)).toBe(false);
  });

  it('wait in a bounded queue', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => passwords.verify('x', undefined)));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toBeInstanceOf(TooManyPasswords);
    expect(results.some((result) => result.status === 'fulfilled')).toBe(true);
  });
});
