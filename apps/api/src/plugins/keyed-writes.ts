import { createHash } from 'node:crypto';
import createError from '@fastify/error';
import type { Sql } from '@tenfold/db';
import { claimKey, type KeyScope, Refusal, type StoredAnswer, storeAnswer } from '@tenfold/orders';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { signedIn } from './identity.ts';
import { PROBLEM_HEADERS, problemText, withField, withHeaders } from './problems.ts';

const KeyMissing = createError(
  'IDEMPOTENCY_KEY_MISSING',
  'Send an Idempotency-Key, so that the request can be sent again and done once',
  400,
);
const KeyInvalid = createError('IDEMPOTENCY_KEY_INVALID', 'An Idempotency-Key has 1 to 255 printable characters', 400);
const InFlight = createError('IDEMPOTENCY_IN_FLIGHT', 'A request with this Idempotency-Key is under way. Try again for its answer.', 409);
const TooSlow = createError('OVERLOADED', 'The service has more to do than it can. Nothing was changed; try again.', 503);

const Mismatch = createError('IDEMPOTENCY_MISMATCH', 'This Idempotency-Key was used for another request', 422);

/**
 * What a request does, in the transaction that keeps its answer.
 *
 * @param answered to be called with the answer before rows are locked for which others wait; the last call counts. A Refusal
 * is an answer too, and kept: whoever throws it has left nothing behind in the transaction.
 */
export type KeyedWork = (tx: Sql, answered: (answer: StoredAnswer) => Promise<void>) => Promise<void>;

interface KeyedWrites {
  /**
   * Runs a write once for its Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07), and answers all repeats with
   * the bytes of the first answer. Keys are kept for a day, by user and route. Without a key it just runs.
   *
   * @returns whether it ran now, and that for the first time.
   */
  run(request: FastifyRequest, reply: FastifyReply, work: KeyedWork): Promise<{ replayed: boolean; answer: StoredAnswer }>;
  /** The same for a write that has to have a key. */
  require(request: FastifyRequest): void;
}

declare module 'fastify' {
  interface FastifyInstance {
    keyedWrites: KeyedWrites;
  }
}

export const keyedWritesPlugin = fp<{ patience: number }>(
  async (app, { patience }) => {
    app.decorate('keyedWrites', {
      async run(request, reply, work) {
        const scope = scopeOf(request);
        const { value, position } = await app.db.primary.transaction((tx) => perform(within(patience, tx, reply), request, scope, work));
        if (value.replayed) void reply.header('idempotency-replayed', 'true');
        if (value.answer.status < 400) app.consistency.issue(reply, position);
        return value;
      },
      require(request) {
        if (keyOf(request) === undefined) throw withField(new KeyMissing(), 'Idempotency-Key', 'is missing');
      },
    } satisfies KeyedWrites);
  },
  { name: 'keyed-writes', dependencies: ['db', 'consistency', 'identity'] },
);

/** Each wait of a transaction has a bound; this is one for their sum. @param patience milliseconds after which no statement begins any more. */
function within(patience: number, tx: Sql, reply: FastifyReply): Sql {
  return {
    async query(text, values) {
      if (reply.elapsedTime > patience) throw withHeaders(new TooSlow(), { 'retry-after': '1' });
      return tx.query(text, values);
    },
  };
}

/** Claims the key, works, and keeps the answer: all in the same transaction. */
async function perform(tx: Sql, request: FastifyRequest, scope: KeyScope | undefined, work: KeyedWork) {
  if (scope) {
    const claim = await claimKey(tx, scope, fingerprint(request));
    if (claim.outcome === 'replay') return { replayed: true, answer: claim.answer };
    if (claim.outcome === 'in_flight') throw withHeaders(new InFlight(), { 'retry-after': '1' });
    if (claim.outcome === 'mismatch') throw withField(new Mismatch(), 'Idempotency-Key', 'was used for another request');
  }
  let answer: StoredAnswer | undefined;
  const answered = async (given: StoredAnswer) => {
    answer = given;
    if (scope) await storeAnswer(tx, scope, given);
  };
  try {
    await work(tx, answered);
  } catch (error) {
    if (!(error instanceof Refusal) || !scope) throw error;
    await answered({ status: error.statusCode, body: problemText(error, request), location: null });
  }
  if (!answer) throw new Error(`${request.routeOptions.url} gave no answer`);
  return { replayed: false, answer };
}

/** Sends an answer as it is kept, without looking into it. */
export function sendAnswer(reply: FastifyReply, { status, body, location }: StoredAnswer) {
  if (location !== null) void reply.header('location', location);
  void reply.headers(status < 400 ? { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' } : PROBLEM_HEADERS);
  return reply.code(status).send(body);
}

function scopeOf(request: FastifyRequest): KeyScope | undefined {
  const key = keyOf(request);
  return key === undefined ? undefined : { userId: signedIn(request).sub, route: `${request.method} ${request.routeOptions.url}`, key };
}

/** A quoted string of RFC 8941, or the bare key that most clients send: both mean the same key. */
function keyOf({ headers }: FastifyRequest): string | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined || header === '') return undefined;
  const [, quoted, bare] = /^(?:"((?:[ !#-[\]-~]|\\["\\])+)"|([!#-+\--~]+))$/.exec(String(header)) ?? [];
  const key = quoted?.replaceAll(/\\(.)/g, '$1') ?? bare;
  if (key === undefined || key.length > 255) throw withField(new KeyInvalid(), 'Idempotency-Key', 'is not one');
  return key;
}

/** Of what the request asks for, and of what. */
function fingerprint({ url, body }: FastifyRequest): Buffer {
  return createHash('sha256')
    .update(`${url}\n${JSON.stringify(body ?? null)}`)
    .digest();
}
