import { describe, expect, it } from 'vitest';
import { findPrimary } from './find.ts';

const URL_OF_ALL = 'postgresql://owner:p%40ss@database:5432/tenfold';
const lookup = async () => ['10.0.0.2', '10.0.0.3', 'fd00::4'];

describe('findPrimary', () => {
  it.each(['10.0.0.2', '10.0.0.3', '[fd00::4]'])('gives the address of the one that takes writes: %s', async (primary) => {
    const takesWrites = async (url: string) => new URL(url).hostname === primary;
    expect(await findPrimary(URL_OF_ALL, { patience: 0, lookup, takesWrites })).toBe(URL_OF_ALL.replace('database', primary));
  });

  it('passes over servers that do not answer, and waits for one that is being promoted', async () => {
    let looks = 0;
    const takesWrites = async (url: string) => {
      if (url.includes('10.0.0.2')) throw new Error('ECONNREFUSED');
      looks += 1;
      return looks > 2 && url.includes('fd00');
    };
    expect(await findPrimary(URL_OF_ALL, { patience: 10_000, lookup, takesWrites })).toContain('[fd00::4]');
  });

  it('leaves the name to a server that is alone, or whose certificate is for the name', async () => {
    const takesWrites = async (url: string) => new URL(url).hostname === 'database';
    const alone = async () => ['10.0.0.2'];
    expect(await findPrimary(URL_OF_ALL, { patience: 0, lookup: alone, takesWrites })).toBe(URL_OF_ALL);
    const encrypted = `${URL_OF_ALL}?sslmode=verify-full`;
    expect(await findPrimary(encrypted, { patience: 0, lookup, takesWrites })).toBe(encrypted);
  });

  it('says why when there is none', async () => {
    const none = { patience: 0, takesWrites: async () => false };
    await expect(findPrimary(URL_OF_ALL, { ...none, lookup })).rejects.toThrow('no server at database takes writes: it only answers reads');
    const unknown = async () => Promise.reject(new Error('ENOTFOUND'));
    await expect(findPrimary(URL_OF_ALL, { ...none, lookup: unknown })).rejects.toThrow('ENOTFOUND');
  });
});
