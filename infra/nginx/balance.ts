import { EdgeValueError, isAtLeast, wholeNumber } from './values.ts';

/** How the edge chooses a replica for a request (EDGE_BALANCE), and nginx's words for it. */
const METHODS = {
  round_robin: '',
  // Round robin, with a weight in each `server` line.
  weighted: '',
  least_conn: 'least_conn;',
  ip_hash: 'ip_hash;',
  random_two: 'random two least_conn;',
  least_time: 'least_time header;',
} as const;

export type Balance = keyof typeof METHODS;

/** What can be chosen, and how. */
export interface BalanceSettings {
  /** Default least_conn. */
  balance?: Balance;
  /** What `weighted` gives the first server, the second and so on; those past the end get 1 (EDGE_WEIGHTS). */
  weights?: readonly number[];
}

export const BALANCE = { variable: 'EDGE_BALANCE', fallback: 'least_conn', weights: 'EDGE_WEIGHTS', heaviest: 100 } as const;

/** Until then only the commercial nginx had it; tried with 1.31.3. */
const FIRST_WITH_LEAST_TIME = [1, 31, 0] as const;

/** @throws EdgeValueError when there is no such way. */
export function parseBalance(name: string): Balance {
  if (isBalance(name)) return name;
  throw new EdgeValueError(`${BALANCE.variable} must be one of ${Object.keys(METHODS).join(', ')}, got ${JSON.stringify(name)}.`);
}

/** @throws EdgeValueError when a weight is none, or `weighted` has none at all. */
export function checkBalance({ balance, weights = [] }: BalanceSettings): void {
  for (const weight of weights) wholeNumber(BALANCE.weights, weight, 1, BALANCE.heaviest);
  if (balance === 'weighted' && weights.length === 0)
    throw new EdgeValueError(`${BALANCE.variable}=weighted needs ${BALANCE.weights}, the weights of api-1, api-2 and so on: 2,1.`);
}

/**
 * The directive of an upstream block; nginx wants it before `keepalive`.
 *
 * @param name that all replicas are known by; undefined where they are listed. @throws EdgeValueError when it can't be done there.
 */
export function balanceDirective(settings: BalanceSettings, version: string, name: string | undefined): string {
  checkBalance(settings);
  const balance = settings.balance ?? BALANCE.fallback;
  if (balance === 'least_time' && !isAtLeast(version, FIRST_WITH_LEAST_TIME))
    throw new EdgeValueError(`${BALANCE.variable}=least_time needs nginx ${FIRST_WITH_LEAST_TIME.join('.')} or newer, this is ${version}.`);
  if (balance === 'weighted' && name !== undefined)
    throw new EdgeValueError(`${BALANCE.variable}=weighted needs replicas that are listed one by one: all of these are known as ${name}.`);
  return METHODS[balance];
}

/** The parameter of the `index`th server, with a space before it; nothing where all weigh the same. */
export function weightOf({ balance, weights = [] }: BalanceSettings, index: number): string {
  return balance === 'weighted' ? ` weight=${weights[index] ?? 1}` : '';
}

function isBalance(name: string): name is Balance {
  return Object.hasOwn(METHODS, name);
}
