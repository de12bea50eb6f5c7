import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { basename } from 'node:path';
import { locate } from '@tenfold/cluster';
import { login, me, type Person, post, register, untilRefused } from '@tenfold/cluster/testing';
import { startLoad } from '../testing/load.ts';
import { readSecrets } from '../state/files.ts';
import { doors, measureFor, productUrls, type Subject, tell } from './subject.ts';

/** Milliseconds until a session that was ended through the first replica is refused by all others. */
export async function revokeThroughOne(target: Subject): Promise<number> {
  const [first = '', ...others] = await doors(target);
  const { tokens } = await register(target);
  const good = await Promise.all(others.map((at) => me(at, tokens)));
  if (good.some(({ status }) => status !== 200)) throw new Error(`a fresh token is not taken: ${JSON.stringify(good)}`);
  const { status } = await post(first, '/v1/auth/logout', {}, tokens.accessToken);
  const began = performance.now();
  if (status !== 204) throw new Error(`signing out was answered by ${status}`);
  const codes = await Promise.all(others.map((at) => untilRefused(at, tokens, 5000)));
  if (codes.some((code) => code !== 'token_revoked')) throw new Error(`refused as ${codes.join()}`);
  return performance.now() - began;
}

/** Answers by status, when somebody tries wrong passwords at one account through every replica in turn. */
export async function guessPasswords(target: Subject, { email }: Person, tries: number): Promise<Record<number, number>[]> {
  const all = await doors(target);
  const counts = all.map((): Record<number, number> => ({}));
  for (let index = 0; index < tries; index += 1) {
    const at = index % all.length;
    const { status } = await login(all[at] ?? '', { email, password: `guess number ${index}` });
    const count = counts[at];
    if (count) count[status] = (count[status] ?? 0) + 1;
  }
  return counts;
}

/** Milliseconds that a refused sign-in takes, of accounts that there are and of those that there aren't, in turn. */
export async function timeRefusals(target: Subject, rounds: number): Promise<{ known: number[]; unknown: number[] }> {
  const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] };
  for (let round = 0; round < rounds; round += 1) {
    const { email } = await register(target);
    const people = Object.entries({ known: email, unknown: `nobody-${round}-${email}` });
    // In turns: the first of the two meets a replica that has just hashed the account's password, or that has done nothing.
    for (const [kind, who] of round % 2 === 0 ? people : people.toReversed()) {
      const began = performance.now();
      const { status } = await login(target.url, { email: who, password: 'not the password' });
      if (status !== 401) throw new Error(`a wrong password was answered by ${status}`);
      (kind === 'known' ? times.known : times.unknown).push(performance.now() - began);
    }
  }
  return times;
}

/** Signed-in reads go on while keys rotate. @returns those that were not answered by 200. */
export async function rotateUnderLoad(target: Subject, rotations: number): Promise<{ kind: string }[]> {
  const { tokens } = await register(target);
  const headers = { authorization: `Bearer ${tokens.accessToken}` };
  const reads = startLoad({ rate: 100, url: () => `${target.url}/v1/me`, headers });
  const failed: { kind: string }[] = [];
  for (let rotation = 1; rotation <= rotations; rotation += 1) {
    await target.cluster.rotateKeys(() => undefined);
    const fresh = await signsWithNewest(target);
    failed.push(...(await askEverybody(target, fresh)));
  }
  const report = await reads.stop();
  tell(`${rotations} key rotations, reads of /v1/me`, report);
  return [...report.examples, ...failed];
}

/** Signs in again and again until tokens are signed with the newest key, all of which must be good at once, everywhere. */
async function signsWithNewest(target: Subject): Promise<Person> {
  const person = await register(target);
  const newest = newestKey(target);
  const began = performance.now();
  for (;;) {
    const answer = await login(target.url, person);
    const accessToken = String(answer.body['accessToken']);
    const fresh = { ...person, tokens: { ...person.tokens, accessToken } };
    const refusals = await askEverybody(target, fresh);
    if (refusals.length > 0) throw new Error(`a token that was just issued is not taken: ${JSON.stringify(refusals)}`);
    if (kidOf(accessToken) === newest) return fresh;
    if (performance.now() - began > 30_000) throw new Error(`tokens are still signed with ${kidOf(accessToken)}, not with ${newest}`);
    await measureFor(200);
  }
}

async function askEverybody(target: Subject, { tokens }: Person): Promise<{ kind: string }[]> {
  const answers = await Promise.all((await doors(target)).map((at) => me(at, tokens)));
  return answers.filter(({ status }) => status !== 200).map(({ status, code }) => ({ kind: `status ${status} ${code}` }));
}

/** Key ids begin with the time that they were made at. */
function newestKey({ directory }: Subject): string {
  const files = readdirSync(locate(directory).keys);
  return basename(files.toSorted().at(-1) ?? '', '.pem');
}

function kidOf(token: string): string {
  return String(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid);
}

/** Deletes everything in redis-state. */
export async function wipeRedisState({ cluster, directory }: Subject): Promise<void> {
  const secrets = await readSecrets(locate(directory));
  const { port } = (await cluster.status()).redis.state;
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  socket.setEncoding('utf8').end(`AUTH ${secrets?.redis.state}\r\nFLUSHALL\r\nQUIT\r\n`);
  let reply = '';
  for await (const chunk of socket) reply += String(chunk);
  if (reply !== '+OK\r\n+OK\r\n+OK\r\n') throw new Error(`redis-state says ${reply}`);
}

/** Cached reads without and with a storm of sign-ins. */
export async function loginStorm(target: Subject, { reads, logins, seconds }: { reads: number; logins: number; seconds: number }) {
  const people = await Promise.all(Array.from({ length: 10 }, () => register(target)));
  const load = startLoad({ rate: reads, url: await productUrls(target) });
  await measureFor(2000);
  load.report();
  await measureFor(seconds * 1000);
  const quiet = load.report();
  let turn = 0;
  const body = () => {
    turn += 1;
    const { email, password } = people[turn % people.length] ?? { email: '', password: '' };
    return JSON.stringify({ email, password });
  };
  const storm = startLoad({ rate: logins, method: 'POST', url: () => `${target.url}/v1/auth/login`, body, isExpected: isCourteous });
  await measureFor(seconds * 1000);
  const stormy = load.report();
  const signIns = await storm.stop();
  await load.stop();
  tell(`reads at ${reads}/s`, quiet);
  tell(`reads while ${logins} people a second sign in`, stormy);
  tell('their sign-ins', signIns);
  return { quiet, stormy, signIns };
}

/** Signed in, or asked to come back: by the replica's queue, or by the edge's places for this class. */
const isCourteous = (status: number) => status === 200 || status === 503;
