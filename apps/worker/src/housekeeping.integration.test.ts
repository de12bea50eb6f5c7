import { createLogger } from '@tenfold/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHousekeeping } from './jobs/housekeeping.ts';
import { openShop, type Shop } from './testing/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.close());

const count = async (table: string) => (await shop.db.primary.query(`SELECT 1 FROM ${table}`)).length;

it('deletes what is past its time, in batches, and nothing else', async () => {
  const { userId, orderId } = await shop.placeOrder('pm_ok');
  const insert = (text: string) => shop.db.primary.query(text, [userId]);
  await insert(`INSERT INTO outbox (user_id, topic, version, payload, pending, published_at, done_at)
    SELECT $1, 'order.paid', 1, '{}', '{}', now(), now() - interval '25 hours' FROM generate_series(1, 2500)`);
  await insert(`INSERT INTO outbox (user_id, topic, version, payload, pending, published_at, done_at)
    VALUES ($1, 'order.paid', 1, '{}', '{}', now(), now() - interval '23 hours')`);
  await insert(`INSERT INTO sessions (user_id, id, refresh_hash, last_used_at)
    SELECT $1, uuidv7(), '', now() - interval '15 days' FROM generate_series(1, 3)`);
  await insert(`INSERT INTO sessions (user_id, id, refresh_hash, last_used_at) VALUES ($1, uuidv7(), '', now() - interval '13 days')`);
  await insert(`INSERT INTO mail_tokens (user_id, id, kind, expires_at) VALUES ($1, uuidv7(), 'verify_email', now() - interval '2 days')`);
  await insert(`INSERT INTO mail_tokens (user_id, id, kind, expires_at) VALUES ($1, uuidv7(), 'verify_email', now())`);
  await insert(`INSERT INTO idempotency_keys (user_id, route, key, fingerprint, created_at)
    SELECT $1, 'r', n::text, '', now() - interval '1 hour' * n FROM generate_series(20, 28) n`);
  await insert(`INSERT INTO dead_letters (user_id, event_id, topic, version, payload, effect, error, attempts, replayed_at)
    VALUES ($1, uuidv7(), 't', 1, '{}', 'e', 'x', 1, now() - interval '31 days'), ($1, uuidv7(), 't', 1, '{}', 'e', 'x', 1, NULL)`);

  const jobs = createHousekeeping({ db: shop.db, logger: createLogger({ name: 'test', level: 'silent' }) });
  for (const job of Object.values(jobs)) await job(new AbortController().signal);

  expect({
    outbox: await count('outbox'),
    sessions: await count('sessions'),
    mailTokens: await count('mail_tokens'),
    keys: await count('idempotency_keys'),
    deadLetters: await count('dead_letters'),
    orders: await count('orders'),
  }).toEqual({ outbox: 2, sessions: 1, mailTokens: 1, keys: 4, deadLetters: 1, orders: 1 });
  expect(await shop.stateOf({ userId, orderId, paymentId: '' })).toBe('pending');
});
