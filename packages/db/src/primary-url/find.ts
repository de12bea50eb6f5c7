import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { at, isName, type Lookup, systemAddresses } from '../addresses.ts';

/** Milliseconds between two looks. */
const EVERY = 500;

interface Options {
  /** Milliseconds to wait for a primary: one may be about to be promoted. */
  patience: number;
  lookup?: Lookup;
  takesWrites?: (url: string) => Promise<boolean>;
}

/**
 * Where the primary is, of the servers that the URL's host stands for. It is good until another one is promoted: for a
 * command, not for a process that stays.
 *
 * @throws when none of them takes writes in time, with what the last one that was asked said.
 */
export async function findPrimary(url: string, { patience, lookup = systemAddresses, takesWrites = isPrimary }: Options): Promise<string> {
  const { hostname } = new URL(url);
  const deadline = performance.now() + patience;
  for (;;) {
    let reason = 'it only answers reads';
    try {
      const addresses = isName(url) ? await lookup(hostname) : [];
      // One server keeps its name, which may be all that its operator wants to see in logs.
      const candidates = addresses.length > 1 ? addresses.map((address) => at(url, address)) : [url];
      for (const candidate of candidates) {
        const writes = await takesWrites(candidate).catch((error: unknown) => {
          reason = error instanceof Error ? error.message || String(Reflect.get(error, 'code')) : String(error);
          return false;
        });
        if (writes) return candidate;
      }
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > deadline) throw new Error(`no server at ${hostname} takes writes: ${reason}`);
    await wait(EVERY);
  }
}

async function isPrimary(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    const { rows } = await client.query('SELECT NOT pg_is_in_recovery() AS writes');
    return rows[0].writes === true;
  } catch (error) {
    // A database that has yet to be made is made where we are.
    if (error instanceof pg.DatabaseError && error.code === '3D000') return true;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
