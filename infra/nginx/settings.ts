import type { BalanceSettings } from './balance.ts';
import { cidr, wholeNumber } from './values.ts';

/** What an operator may set, each by the EDGE_ variable of the same name; see {@link NUMBERS} for the defaults. */
export interface EdgeSettings extends BalanceSettings {
  /** Client addresses and CIDRs without any limit (EDGE_LIMIT_EXEMPT, comma-separated; empty exempts nobody). Default 127.0.0.1/32. */
  limitExempt?: readonly string[];
  /** Requests a second that one client address may send. */
  rate?: number;
  /** Requests that it may be ahead of that rate. */
  burst?: number;
  /** Requests that one client address may have in flight, WebSockets included. */
  connections?: number;
  /** Requests in flight to one replica, a class; what exceeds them on all replicas is a 503. */
  maxConnsBrowse?: number;
  maxConnsCheckout?: number;
  maxConnsSignin?: number;
  maxConnsLive?: number;
  /** Seconds that a client may take for its headers, and be silent while it sends a body or takes an answer. */
  clientTimeout?: number;
  /** Worker processes; one a core when left out. */
  workers?: number;
}

type NumberSetting = Exclude<keyof EdgeSettings, 'limitExempt' | keyof BalanceSettings>;

/** Environment variable, default and range of every number. */
export const NUMBERS = {
  rate: { variable: 'EDGE_RATE', fallback: 100, to: 1_000_000 },
  burst: { variable: 'EDGE_BURST', fallback: 200, to: 1_000_000 },
  connections: { variable: 'EDGE_CONNECTIONS', fallback: 256, to: 65_535 },
  maxConnsBrowse: { variable: 'EDGE_MAX_CONNS_BROWSE', fallback: 256, to: 65_535 },
  maxConnsCheckout: { variable: 'EDGE_MAX_CONNS_CHECKOUT', fallback: 32, to: 65_535 },
  maxConnsSignin: { variable: 'EDGE_MAX_CONNS_SIGNIN', fallback: 16, to: 65_535 },
  maxConnsLive: { variable: 'EDGE_MAX_CONNS_LIVE', fallback: 2048, to: 65_535 },
  clientTimeout: { variable: 'EDGE_CLIENT_TIMEOUT', fallback: 10, to: 600 },
  workers: { variable: 'EDGE_WORKERS', fallback: 'auto', to: 256 },
} as const satisfies Record<NumberSetting, { variable: string; fallback: number | 'auto'; to: number }>;

/** The load generator and the tests of a local cluster come from here; 127.0.0.2 and the others are limited. */
const EXEMPT: readonly string[] = ['127.0.0.1/32'];

export function isNumberSetting(name: string): name is NumberSetting {
  return name in NUMBERS;
}

/** The text of one number setting. @throws EdgeValueError when it is out of range. */
export function numberSetting(settings: EdgeSettings, name: NumberSetting): string {
  const { variable, fallback, to } = NUMBERS[name];
  const value = settings[name];
  return String(value === undefined ? fallback : wholeNumber(variable, value, 1, to));
}

/** The exempt networks, each once. @throws EdgeValueError when one is none. */
export function exemptNetworks({ limitExempt = EXEMPT }: EdgeSettings): string[] {
  return [...new Set(limitExempt)].map((network) => cidr('EDGE_LIMIT_EXEMPT', network));
}
