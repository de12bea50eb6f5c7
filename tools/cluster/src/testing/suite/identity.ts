import { describe, expect, it } from 'vitest';
import { ask, itemsOf } from '../client.ts';
import { bearing, login, me, newAccount, type Person, post, refresh, register, tokensIn } from '../people.ts';
import { readyReplicas, type Subject, tell } from '../subject.ts';

/** Milliseconds within which every replica refuses a session that was ended. */
const PROMISED = 1000;

export function describeIdentity(subject: () => Subject): void {
  describe('an account', () => {
    it('is opened, signed in to and kept by refreshing, and its address is taken', async () => {
      const { url } = subject();
      const account = newAccount();
      const { tokens } = await register(subject(), account);
      expect((await me(url, tokens)).body).toMatchObject({ email: account.email, role: 'customer' });
      expect((await post(url, '/v1/auth/register', account)).code).toBe('email_taken');
      expect((await login(url, { ...account, password: 'not the password' })).code).toBe('invalid_credentials');
      const signedIn = tokensIn(await login(url, account));
      const next = tokensIn(await refresh(url, signedIn));
      expect(next.refreshToken).not.toBe(signedIn.refreshToken);
      expect((await me(url, next)).status).toBe(200);
    });

    it('has one session of a refresh token that is sent several times at once', async () => {
      const { url } = subject();
      const { tokens } = await register(subject());
      const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(url, tokens)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      const [next, ...others] = new Set(answers.map((answer) => tokensIn(answer).refreshToken));
      expect([next === tokens.refreshToken, others]).toEqual([false, []]);
      const [answer] = answers;
      const sessions = await ask(`${url}/v1/auth/sessions`, 'GET', undefined, answer ? bearing(tokensIn(answer)) : {});
      expect(itemsOf(sessions)).toHaveLength(1);
    });

    // Tried again where the machine had a hiccup: that must not decide a claim of time.
    it('is refused by every replica within a second of signing out', { retry: 2 }, async () => {
      const { url } = subject();
      const person = await register(subject());
      const names = await readyReplicas(subject());
      expect((await post(url, '/v1/auth/logout', undefined, person.tokens.accessToken)).status).toBe(204);
      const { refusedBy, lastTaken } = await untilRefusedByAll(url, person, names);
      tell(`a session that was ended was last taken ${lastTaken.toFixed(0)} ms later`);
      expect([[...refusedBy].toSorted(), lastTaken < PROMISED]).toEqual([names.toSorted(), true]);
      expect((await refresh(url, person.tokens)).code).toBe('refresh_token_revoked');
    });
  });
}

/** Asks for longer than a replica may take, and until each has refused. */
async function untilRefusedByAll(url: string, { tokens }: Person, names: readonly string[]) {
  const refusedBy = new Set<string>();
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  let lastTaken = 0;
  while (elapsed() < PROMISED || (refusedBy.size < names.length && elapsed() < 10 * PROMISED)) {
    const sent = elapsed();
    const { status, code, servedBy } = await me(url, tokens);
    if (status === 200) lastTaken = sent;
    else if (code === 'token_revoked') refusedBy.add(servedBy);
    else throw new Error(`refused with ${status} ${code}`);
  }
  return { refusedBy, lastTaken };
}
