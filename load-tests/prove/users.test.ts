import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createShoppers } from './users.ts';

const answers: Response[] = [];
const asked: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(new URL(url).pathname);
    return Promise.resolve(answers.shift() ?? Response.json({ accessToken: 'a token' }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  answers.length = 0;
  asked.length = 0;
});

async function tokens() {
  const found = createShoppers('http://127.0.0.1:8080').tokens();
  found.catch(() => undefined);
  await vi.runAllTimersAsync();
  return found;
}

it.each([502, 503, 504])('signs in again where a small replica was too slow (%d)', async (status) => {
  answers.push(Response.json({ detail: 'too slow' }, { status }), Response.json({ detail: 'too slow' }, { status }));
  expect(await tokens()).toHaveLength(3);
  expect(asked).toHaveLength(5);
});

it('registers shoppers the first time', async () => {
  answers.push(Response.json({}, { status: 401 }));
  await tokens();
  expect(asked.slice(0, 2)).toEqual(['/v1/auth/login', '/v1/auth/register']);
});

it('gives up at once where trying again is no use, and in the end', async () => {
  answers.push(Response.json({ detail: 'this account is closed' }, { status: 403 }));
  await expect(tokens()).rejects.toThrow('proof-1@load.example could not sign in: 403 this account is closed');
  expect(asked).toHaveLength(1);
  answers.push(...Array.from({ length: 15 }, () => Response.json({ detail: 'too slow' }, { status: 504 })));
  await expect(tokens()).rejects.toThrow('could not sign in: 504 too slow');
});
