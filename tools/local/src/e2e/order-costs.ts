import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type Person, putOnSale } from '@tenfold/cluster/testing';
import type { Client } from 'pg';
import { buy, inDatabase } from './shop.ts';
import { replica, type Subject } from './subject.ts';

export interface OrderCosts {
  ordersPerSecond: number;
  failed: number;
  /** Statements that PostgreSQL carried out, by its own count, which leaves out BEGIN, SAVEPOINT and COMMIT. */
  statements: number;
  /** CPU milliseconds of each process, an order. */
  cpu: Record<string, number>;
}

/**
 * What an order costs: one replica, through the edge, each buyer one order after the other.
 *
 * @param atOnce buyers at a time, each ordering another SKU.
 */
export async function costOfOrders(
  target: Subject,
  people: readonly Person[],
  load: { atOnce: number; seconds: number },
): Promise<OrderCosts> {
  const onSale = await Promise.all(Array.from({ length: load.atOnce }, () => putOnSale(target, 100_000)));
  const pids = await processes(target);
  let orders = 0;
  let failed = 0;
  const run = async (seconds: number) => {
    const until = performance.now() + seconds * 1000;
    const shop = async (sku: string, turn: number) => {
      for (let index = turn; performance.now() < until; index += load.atOnce) {
        const person = people[index % people.length];
        const { outcome } = await buy(target.url, person?.tokens.accessToken ?? '', sku);
        orders += 1;
        if (outcome !== '201') failed += 1;
      }
    };
    await Promise.all(onSale.map(({ sku }, turn) => shop(sku, turn)));
  };
  await run(3); // warm: code, pools and plans
  orders = 0;
  await inDatabase(target, (client) => client.query('SELECT monitoring.pg_stat_statements_reset()'));
  const before = cpuSeconds(pids);
  const began = performance.now();
  await run(load.seconds);
  const took = (performance.now() - began) / 1000;
  const used = cpuSeconds(pids);
  const statements = await inDatabase(target, countStatements);
  const cpu = Object.entries(used).map(([name, seconds]) => [name, round(((seconds - (before[name] ?? 0)) * 1000) / orders)]);
  return { ordersPerSecond: round(orders / took), failed, statements: round(statements / orders), cpu: Object.fromEntries(cpu) };
}

/** Of the API's own; what a replica asks to know its servers is its monitor's, once every quarter of a second. */
async function countStatements(client: Client): Promise<number> {
  const { rows } = await client.query(
    `SELECT coalesce(sum(calls), 0)::int AS calls FROM monitoring.pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
     WHERE r.rolname = 'tenfold_api' AND query NOT LIKE '%pg_is_in_recovery%' AND query NOT LIKE '%pg_current_wal_lsn%'`,
  );
  return rows[0].calls;
}

async function processes(target: Subject): Promise<Record<string, number>> {
  const { edge, redis, postgres } = await target.cluster.status();
  const api = await replica(target, 'api-1');
  const known = { api: api.pid, edge: edge.pid, 'redis-state': redis.state.pid, 'postgres-primary': postgres.primary.pid };
  return Object.fromEntries(Object.entries(known).flatMap(([name, pid]) => (pid === null ? [] : [[name, pid]])));
}

/** CPU time of processes with all that they have started and still have, in seconds (Linux). */
function cpuSeconds(pids: Record<string, number>): Record<string, number> {
  const hertz = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => statOf(pid));
  const family = (pid: number): number =>
    all.filter((one) => one.pid === pid || one.parent === pid).reduce((sum, { ticks }) => sum + ticks, 0);
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, family(pid) / hertz]));
}

function statOf(pid: string): { pid: number; parent: number; ticks: number }[] {
  try {
    // After the name in parentheses, which may hold anything: state, parent, …; the 14th to 17th field of all are CPU times.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [{ pid: Number(pid), parent: Number(fields[1]), ticks }];
  } catch {
    return []; // it has ended
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
