import { LoadError } from '../run/errors.ts';

/** Shoppers that the trials are signed in as. Few: one address may sign in a hundred times in fifteen minutes. */
const USERS = 3;
const PASSWORD = 'proof of scaling, no secret';
/** Milliseconds after which tokens are fetched anew; they are good for ten minutes. */
const RENEW = 5 * 60_000;

/** Access tokens of shoppers, which are registered the first time. */
export function createShoppers(target: string): { tokens(): Promise<string[]> } {
  let fetched: { at: number; tokens: string[] } | undefined;
  return {
    async tokens() {
      if (fetched === undefined || Date.now() - fetched.at > RENEW) {
        const tokens = await Promise.all(Array.from({ length: USERS }, (_, index) => signIn(target, `proof-${index + 1}@load.example`)));
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
  const known = await post('login');
  const answer = known.status === 401 ? await post('register') : known;
  const { accessToken, detail }: { accessToken?: unknown; detail?: unknown } = JSON.parse(await answer.text());
  if (typeof accessToken === 'string') return accessToken;
  throw new LoadError(`${email} could not sign in: ${answer.status} ${String(detail)}`);
}
