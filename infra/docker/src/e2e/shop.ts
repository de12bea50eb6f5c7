import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type ClusterStatus, composeCluster } from '@tenfold/cluster';
import { type Report, until } from '@tenfold/local/testing';
import { inject } from 'vitest';
import { trust } from '../testing/project.ts';

/** The project of the run. Only for tests that aren't skipped. */
export function subject() {
  const provided = inject('compose');
  if (!provided) throw new Error('there is no Compose project');
  const { name, env, certificate } = provided;
  trust(certificate);
  return { ...provided, cluster: composeCluster({ name, env }) };
}
export type Subject = ReturnType<typeof subject>;

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export async function ask(url: string, method = 'GET', payload?: object, headers: Record<string, string> = {}): Promise<Answer> {
  const described = payload && { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers: { ...headers, ...described }, ...(payload && { body: JSON.stringify(payload) }) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: Object(text ? JSON.parse(text) : {}) };
}

const newAccount = () => ({ email: `u-${randomUUID()}@example.com`, password: `pw-${randomUUID()}` });

type Authorization = { authorization: string };

export async function signInAsStaff({ url, cluster }: Subject): Promise<Authorization> {
  const { staff } = Object(await cluster.credentials());
  return authorizationIn(await ask(`${url}/v1/auth/login`, 'POST', staff));
}

export async function registerCustomer({ url }: Subject, account = newAccount()): Promise<Authorization> {
  return authorizationIn(await ask(`${url}/v1/auth/register`, 'POST', account));
}

function authorizationIn({ status, body }: Answer): Authorization {
  if (status >= 300) throw new Error(`signing in: ${status} ${JSON.stringify(body)}`);
  return { authorization: `Bearer ${String(body['accessToken'])}` };
}

/** A product that has stock. */
export async function someProduct({ url }: Subject, index = 0): Promise<{ slug: string; sku: string }> {
  const { body } = await ask(`${url}/v1/products?limit=50`);
  const found = itemsOf(body)
    .map((product) => ({ slug: String(product['slug']), variants: listOf(product['variants']) }))
    .flatMap(({ slug, variants }) =>
      variants.map((variant) => ({ slug, sku: String(variant['sku']), available: Number(variant['available']) })),
    )
    .filter(({ available }) => available > 0)[index];
  if (!found) throw new Error('no product has stock');
  return found;
}

/** A SKU of which there is more than anybody orders. */
export async function plenty(target: Subject): Promise<string> {
  const { sku } = await someProduct(target, 2);
  const staff = await signInAsStaff(target);
  const { status } = await ask(`${target.url}/v1/variants/${sku}/stock`, 'PUT', { available: 1_000_000 }, staff);
  if (status !== 200) throw new Error(`setting the stock of ${sku}: ${status}`);
  return sku;
}

const itemsOf = (body: Record<string, unknown>) => listOf(body['items']);

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map((one) => Object(one)) : [];
}

/** Places orders one after the other, each with a key of its own. */
export function ordering({ url }: Subject, customer: Authorization, sku: string) {
  return () => {
    const keyed = { ...customer, 'idempotency-key': randomUUID() };
    const order = { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' };
    return () => ask(`${url}/v1/orders`, 'POST', order, keyed);
  };
}

export const reading =
  ({ url }: Subject) =>
  () =>
  () =>
    ask(`${url}/v1/products?limit=20`);

/** How often a client repeats one thing before it counts as lost. */
const REPEATS = 20;

/** The answer to something that is done again as long as the answer says when to. */
export async function untilFinal(attempt: () => Promise<Answer>, repeats: () => void = () => undefined): Promise<Answer> {
  let answer = await attempt();
  for (let time = 0; time < REPEATS && answer.headers.has('retry-after'); time += 1) {
    repeats();
    await wait(Number(answer.headers.get('retry-after')) * 1000);
    answer = await attempt();
  }
  return answer;
}

interface Clients {
  done: number;
  /** How often something was repeated because the answer said when to. */
  repeated: number;
  failures: string[];
}

/**
 * Clients that each do one thing after the other, and do it again when the answer has a Retry-After: so they lose nothing on
 * a machine that is too busy either. All else that isn't right is a failure.
 */
export function startClients(count: number, next: () => () => Promise<Answer>, right: number) {
  const seen: Clients = { done: 0, repeated: 0, failures: [] };
  let stopped = false;
  const isOn = () => !stopped;
  const one = async (attempt: () => Promise<Answer>) => {
    const { status, body } = await untilFinal(attempt, () => void (seen.repeated += 1));
    if (status === right) seen.done += 1;
    else seen.failures.push(`${status} ${String(body['code'])}`);
  };
  const client = async () => {
    while (isOn()) {
      await one(next()).catch((error: unknown) => seen.failures.push(String(error)));
      await wait(50);
    }
  };
  const clients = Array.from({ length: count }, client);
  return {
    seen,
    async stop() {
      stopped = true;
      await Promise.all(clients);
      return seen;
    },
  };
}

/** How many orders a customer has, counted page by page. */
export async function countOrders({ url }: Subject, customer: Authorization): Promise<number> {
  let count = 0;
  let cursor = '';
  do {
    const { body } = await ask(
      `${url}/v1/orders?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      'GET',
      undefined,
      customer,
    );
    count += itemsOf(body).length;
    cursor = typeof body['nextCursor'] === 'string' ? body['nextCursor'] : '';
  } while (cursor !== '');
  return count;
}

/** How many database replicas the API reads from, as one of its replicas says. */
export async function readableReplicas({ url }: Subject, staff: Authorization): Promise<number> {
  const { body } = await ask(`${url}/v1/ops/dependencies`, 'GET', undefined, staff);
  return listOf(body['database']).filter(({ role }) => role === 'replica').length;
}

/** Waits until everybody is as before: what one test broke must not be what the next one measures. */
export async function untilWhole({ cluster }: Subject): Promise<void> {
  const isWhole = async () => everybody(await cluster.status()).every(({ state }) => state === 'ready');
  await until(isWhole, { what: 'not everybody was ready again', within: 90_000, every: 250 });
}

function everybody({ edge, api, worker, postgres, redis }: ClusterStatus) {
  return [edge, ...api, ...worker, postgres.primary, ...postgres.replicas, redis.cache, redis.state];
}

/** Puts a measurement where the person who runs the tests sees it. */
export function tell(what: string, report?: Report): void {
  const load = report && `: ${report.failed} failed of ${report.sent}, p50 ${report.latency.p50} ms, p99 ${report.latency.p99} ms`;
  process.stdout.write(`  ${what}${load ?? ''}\n`);
}
