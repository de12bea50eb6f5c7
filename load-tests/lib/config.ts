import { checkTarget } from './target.ts';

/** What the command line said, checked. k6 hands it over as environment variables. */
export const TARGET = checkTarget(__ENV['TARGET'] ?? 'http://127.0.0.1:8080', __ENV['OWNED_TARGET']);

/** The names of the replicas, so that requests are shown by replica in the summary; empty where they are not known. */
export const REPLICAS = (__ENV['REPLICAS'] ?? '').split(',').filter(Boolean);

/** Whether workers run: without them an order has no effects that a stream could tell of. */
export const WORKERS = __ENV['WORKERS'] === '1';

/** Journeys a second, all kinds together; undefined takes the profile's. */
export const RATE = number('RATE', 0.1, 20_000);

/** Seconds that the load is held; undefined takes the profile's. */
export const DURATION = number('DURATION', 1, 8 * 3600);

/** Which journeys to run; empty takes all of the scenario. */
export const JOURNEYS = (__ENV['JOURNEYS'] ?? '').split(',').filter(Boolean);

function number(name: string, least: number, most: number): number | undefined {
  const text = __ENV[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (value >= least && value <= most) return value;
  throw new Error(`${name} must be a number from ${least} to ${most}, not ${text}.`);
}
