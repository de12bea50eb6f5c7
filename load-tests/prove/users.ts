import { setTimeout as wait } from 'node:timers/promises';
import { LoadError } from '../run/errors.ts';

/** Shoppers that the trials are signed in as. Few: one address may sign in a hundred times in fifteen minutes. */
const USERS = 3;
const PASSWORD = 'proof of scaling, no secret';
/** How often and how far apart, in milliseconds, a sign-in is tried that replicas under a quota refuse, or are too slow for. */
const TRIES = { most: 15, pause: 2000 };
const LATER = new Set([502, 503, 504]);
/** Milliseconds after which tokens are fetched anew; they are good for ten minutes. */
const RENEW = 5 * 60_000;

/** Access tokens of shoppers, which are registered the first time. */
export function createShoppers(target: string): { tokens(): Promise<string[]> } {
  let fetched: { at: number; tokens: string[] } | undefined;
  return {
    async tokens() {
      if (fetched === undefined || Date.now() - fetched.at > RENEW) {
        const tokens: string[] = [];
        // One after the other: a password costs a small replica a second.
        for (let user = 1; user <= USERS; user += 1) tokens.push(await signIn(target, `proof-${user}@load.example`));
        fetched = { at: Date.now(), tokens };
      }
      return fetched.tokens;
    },
  };
}

async function signIn(target: string, email: string): Promise<string> {
  const post = (path: string) =>
    fetch(`${target}/v1/auth/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: PASSWORD }),
    });
  const enter = async () => {
    const known = await post('login');
    return known.status === 401 ? post('register') : known;
  };
  let answer = await enter();
  for (let tries = 1; LATER.has(answer.status) && tries < TRIES.most; tries += 1) {
    await answer.arrayBuffer();
    await wait(TRIES.pause);
    answer = await enter();
  }
  const { accessToken, detail }: { accessToken?: unknown; detail?: unknown } = JSON.parse(await answer.text());
  if (typeof accessToken === 'string') return accessToken;
  throw new LoadError(`${email} could not sign in: ${answer.status} ${String(detail)}`);
}
