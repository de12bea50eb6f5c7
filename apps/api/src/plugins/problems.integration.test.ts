import Fastify from 'fastify';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Replica, startReplica } from '../testing/replica.ts';
import { problemsPlugin } from './problems.ts';

const app = Fastify();
let replica: Replica;

beforeAll(async () => {
  replica = await startReplica(inject('stores'));
  await app.register(problemsPlugin);
  app.get<{ Params: { state: string } }>('/sqlstate/:state', ({ params }) =>
    replica.app.db.primary.query(`DO $$ BEGIN RAISE EXCEPTION 'as it would be' USING ERRCODE = '${params.state}'; END $$`),
  );
});
afterAll(() => Promise.all([app.close(), replica?.close()]));

it.each([
  ['53100', 'a full disk', 503, 'storage_full', '30'],
  ['53200', 'no memory', 503, 'overloaded', '1'],
  ['53300', 'no connection left', 503, 'overloaded', '1'],
  ['57014', 'a statement that ran too long', 503, 'overloaded', '1'],
  ['55P03', 'a lock that was not to be had', 503, 'overloaded', '1'],
  ['40P01', 'a deadlock', 503, 'overloaded', '1'],
  ['25006', 'a primary that is one no more', 503, 'database_unavailable', '1'],
  ['42P01', 'a table that is not there', 500, 'internal_error', undefined],
])('what Postgres says with %s, %s, is %i %s', async (state, _what, status, code, retryAfter) => {
  const answer = await app.inject(`/sqlstate/${state}`);
  expect([answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([status, code, retryAfter]);
});
