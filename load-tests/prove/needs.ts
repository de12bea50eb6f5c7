import type { Cluster } from '@tenfold/cluster';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { LoadError } from '../run/errors.ts';

/** Pieces of each: more than any run sells. */
const PLENTY = 1_000_000;
/** Writes that a shopper may do in a minute, at the least: a proof does thousands. */
const ENOUGH = 50_000;

const Credentials = Type.Object({ staff: Type.Object({ email: Type.String(), password: Type.String() }) });

/** Puts so many on sale that no order finds an empty shelf. @throws LoadError where a shopper may not order as often as the proof does. */
export async function stockUp(cluster: Pick<Cluster, 'credentials'>, target: string, skus: readonly string[]): Promise<void> {
  const { staff } = Value.Parse(Credentials, await cluster.credentials());
  const { accessToken } = await send(`${target}/v1/auth/login`, 'POST', staff);
  for (const sku of skus) {
    const { limit } = await send(`${target}/v1/variants/${sku}/stock`, 'PUT', { available: PLENTY }, accessToken);
    if (limit < ENOUGH) throw new LoadError('Writes are limited by account: they need RATE_LIMIT_SCALE=1000.');
  }
}

/** @throws LoadError when the replicas don't do what they are asked to. */
export async function mustObey(target: string, experiment: string): Promise<void> {
  const answer = await fetch(`${target}/v1/categories`, { headers: { 'x-experiment': experiment } });
  await answer.arrayBuffer();
  if (answer.headers.get('x-experiment') === experiment) return;
  throw new LoadError('The replicas do not obey X-Experiment, although they were started with EXPERIMENTS=true.');
}

async function send(url: string, method: string, body: object, token?: string): Promise<{ accessToken: string; limit: number }> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...authorization },
    body: JSON.stringify(body),
  });
  const { accessToken, detail }: { accessToken?: string; detail?: string } = JSON.parse(await answer.text());
  if (!answer.ok) throw new LoadError(`${method} ${new URL(url).pathname} was answered by ${answer.status}: ${detail ?? ''}`);
  return { accessToken: accessToken ?? '', limit: Number(answer.headers.get('ratelimit-limit') ?? Infinity) };
}
