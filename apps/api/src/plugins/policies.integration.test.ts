import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Policy, RoutePolicy } from '@tenfold/auth';
import { seed, startReplica, type Replica } from '../testing/replica.ts';

let replica: Replica;

beforeAll(async () => {
  await seed(inject('stores'));
  replica = await startReplica(inject('stores'), 'api-1', { RATE_LIMIT_SCALE: '1000' });
  await replica.app.ready();
});
afterAll(() => replica?.close());

/** Who may not even try: what is refused before the route looks at the request. */
const REFUSED: Record<Policy, Record<string, number | undefined>> = {
  public: {},
  anyone: {},
  user: { anonymous: 401 },
  staff: { anonymous: 401, customer: 403 },
  admin: { anonymous: 401, customer: 403, staff: 403 },
};
const WHO = ['anonymous', 'customer', 'staff', 'admin'] as const;

/** A path that could be there, for one who may look. */
const pathOf = (url: string) =>
  url
    .replace(/:sku/g, 'NO-SUCH-SKU')
    .replace(/:[a-zA-Z]+/g, '019b7654-8c00-7abc-8def-0123456789ab')
    .replace('*', 'x');

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

function ask({ method, url }: RoutePolicy, who: (typeof WHO)[number]) {
  const headers = who === 'anonymous' ? {} : replica.as(who);
  const payload = ['POST', 'PUT', 'PATCH'].includes(method) ? { payload: {} } : {};
  const known = METHODS.find((one) => one === method);
  if (!known) throw new Error(`a test for ${method} is missing`);
  return replica.app.inject({ method: known, url: pathOf(url), headers, ...payload });
}

describe('every route', () => {
  it('lets those in whom its policy names, and nobody else', async () => {
    const routes = replica.app.routePolicies();
    expect(routes.length).toBeGreaterThan(30);
    const wrong: string[] = [];
    for (const route of routes) {
      for (const who of WHO) {
        const { statusCode, body } = await ask(route, who);
        const expected = REFUSED[route.policy][who];
        const refused = statusCode === 403 || (statusCode === 401 && body.includes('authentication_required'));
        if (statusCode >= 500 || (expected === undefined ? refused : statusCode !== expected)) {
          wrong.push(`${route.method} ${route.url} (${route.policy}) as ${who}: ${statusCode}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('says who may call it, or the process does not start', async () => {
    const other = await startReplica(inject('stores'), 'api-2');
    try {
      other.app.get('/forgotten', async () => 'anyone?');
      await expect(other.app.ready()).rejects.toThrow("GET /forgotten doesn't say who may call it");
    } finally {
      await other.close();
    }
  });
});
