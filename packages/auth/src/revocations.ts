import type { Sql } from '@tenfold/db';
import { Gauge, type Logger, type Registry } from '@tenfold/runtime';
import type { AccessClaims } from './access-tokens.ts';
import type { Revocation, RevocationStream } from './revocation-stream.ts';

export interface Revocations {
  /** Why an access token that is otherwise good is not taken any more, or undefined. */
  reasonAgainst(claims: AccessClaims): 'revoked' | 'outdated' | undefined;
  /** Puts a committed revocation into force here at once, and tells the other replicas, once. Never throws. */
  announce(revocations: readonly Revocation[]): void;
  /** Reads what was revoked before this process lived, and goes on reading. To be awaited before the first request. */
  start(): Promise<void>;
  /** Neither the stream nor the database has been heard for five seconds: what was revoked since is not known here. */
  readonly blind: boolean;
  close(): Promise<void>;
}

interface Database {
  primary: Sql;
  replica(): Sql;
}

interface Options {
  db: Database;
  stream: RevocationStream;
  /** Seconds that an access token lives; after that a revocation needs no remembering. */
  tokenLifetime: number;
  logger: Logger;
  metrics: Registry;
}

/**
 * Milliseconds between two polls of the database. Polled even while the stream is there: an announcement may have been lost
 * on its way into it (its replica killed between the commit and XADD), and two index scans of next to nothing are cheap.
 */
const POLL = 500;

const BLIND_AFTER = 5000;

/** Seconds by which a poll looks back past the one before: what a transaction wrote then may have been committed only now. */
const OVERLAP = 10;

const SESSIONS = `SELECT id FROM sessions WHERE revoked_at > now() - interval '1 second' * $1`;
const USERS = `SELECT user_id AS "userId", auth_version AS version FROM users WHERE auth_changed_at > now() - interval '1 second' * $1`;

/**
 * The sessions whose tokens are still alive and no longer good. Every replica holds all of them, so that a request asks
 * nobody: filled from Postgres, fed at once by a Redis stream, and polled from Postgres for what was lost on it.
 */
export function createRevocations({ db, stream, tokenLifetime, logger, metrics }: Options): Revocations {
  const remember = (tokenLifetime + 60) * 1000;
  const sessions = new Map<string, number>();
  const users = new Map<string, { version: number; until: number }>();
  let polledAt: number | undefined;
  let polling = false;
  let ticks = 0;

  const apply = (revocation: Revocation) => {
    const until = Date.now() + remember;
    if (revocation.kind === 'session') {
      sessions.set(revocation.sessionId, until);
      return;
    }
    const version = Math.max(revocation.version, users.get(revocation.userId)?.version ?? 0);
    users.set(revocation.userId, { version, until });
  };

  const poll = async () => {
    if (polling) return;
    polling = true;
    const started = Date.now();
    const since = polledAt === undefined ? remember / 1000 : Math.min((started - polledAt) / 1000 + OVERLAP, remember / 1000);
    try {
      const [ended, changed] = await readAnywhere(db, since);
      for (const { id } of ended) apply({ kind: 'session', sessionId: id });
      for (const { userId, version } of changed) apply({ kind: 'user', userId, version });
      polledAt = started;
    } catch (error) {
      logger.warn({ err: error }, 'revoked sessions could not be read from the database');
    } finally {
      polling = false;
    }
  };

  const tick = () => {
    ticks += 1;
    void poll();
    if (ticks % 120 === 0) forgetOld(sessions, users);
  };

  /** Nothing is kept to be told later: the others' next poll finds it. */
  const tell = async (revocations: readonly Revocation[]) => {
    try {
      for (const revocation of revocations) await stream.publish(revocation);
    } catch (error) {
      logger.warn({ err: error }, 'revocations could not be announced: the other replicas find them in the database');
    }
  };

  let timer: NodeJS.Timeout | undefined;
  const blind = () => Date.now() - Math.max(stream.heardAt, polledAt ?? 0) > BLIND_AFTER || polledAt === undefined;
  new Gauge({
    name: 'auth_revocations',
    help: 'Revoked sessions and changed accounts that are remembered; -1 while neither stream nor database can be heard',
    registers: [metrics],
    collect() {
      this.set(blind() ? -1 : sessions.size + users.size);
    },
  });

  return {
    reasonAgainst({ sub, sid, ver }) {
      if (sessions.has(sid)) return 'revoked';
      const changed = users.get(sub);
      return changed && ver < changed.version ? 'outdated' : undefined;
    },
    announce(revocations) {
      for (const revocation of revocations) apply(revocation);
      void tell(revocations);
    },
    async start() {
      stream.listen(apply);
      timer = setInterval(tick, POLL);
      await poll();
    },
    get blind() {
      return blind();
    },
    async close() {
      clearInterval(timer);
      await stream.close();
    },
  };
}

/** The primary knows best; a replica is at most a second behind, and better than nothing. */
async function readAnywhere(db: Database, since: number) {
  const read = (sql: Sql) =>
    Promise.all([sql.query<{ id: string }>(SESSIONS, [since]), sql.query<{ userId: string; version: number }>(USERS, [since])]);
  return read(db.primary).catch(() => read(db.replica()));
}

function forgetOld(sessions: Map<string, number>, users: Map<string, { until: number }>) {
  const now = Date.now();
  for (const [id, until] of sessions) if (until < now) sessions.delete(id);
  for (const [id, { until }] of users) if (until < now) users.delete(id);
}
