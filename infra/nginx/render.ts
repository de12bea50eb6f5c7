import { readFileSync } from 'node:fs';
import { balanceDirective, weightOf } from './balance.ts';
import { type EdgeSettings, exemptNetworks, NUMBERS, numberSetting } from './settings.ts';
import { EdgeValueError, hostAndPort, isAtLeast, listenAddress, path, resolverAddress } from './values.ts';

/** One replica as the edge knows it. `down` stays in the list and gets no request: how a replica is drained. */
export interface EdgeServer {
  /** `127.0.0.1:20021` */
  address: string;
  state: 'up' | 'down';
}

/**
 * Either the replicas one by one, or one name that a DNS server resolves to all of them, asked again every second
 * (containers; nginx 1.27.3 or newer).
 */
export type EdgeUpstream = { servers: readonly EdgeServer[] } | { resolve: string; resolver: string };

export interface EdgeOptions extends EdgeSettings {
  /** Where to listen: `127.0.0.1:8080`, `[::]:8080` or `8080`. */
  listen: string;
  /** Absolute path of an existing folder that the account nginx runs under may write to: pid, access log, temporary files. */
  directory: string;
  /** The nginx that will read this, as `findNginx` tells it: `1.31.3`. */
  version: string;
  upstream: EdgeUpstream;
  /** Absolute path. Default: access.log in `directory`. */
  accessLog?: string;
  /** Absolute path. Default: standard error. */
  errorLog?: string;
}

const FIRST_WITH_KEEPALIVE_MIN_TIMEOUT = [1, 27, 4] as const;
const FIRST_WITH_RESOLVE = [1, 27, 3] as const;

/** Two failures in a second: one slow answer is not a dead replica. A second later one request tries it again. */
const PASSIVE_HEALTH = 'max_fails=2 fail_timeout=1s';

/** Two replicas may be gone at once. */
const TRIES = '3';
/**
 * A name server lists replicas that boot, all at once when eight are added to two, and least_conn likes who has nothing to
 * do. Refusing takes them no time: as many tries as there may be replicas (API_MAX_REPLICAS).
 */
const TRIES_BY_NAME = '12';

/**
 * The edge's whole nginx.conf.
 *
 * @throws Error of one sentence about the first value that can't be used.
 */
export function renderEdge(options: EdgeOptions): string {
  const template = readFileSync(new URL('nginx.conf.template', import.meta.url), 'utf8');
  return substitute(template, edgeVariables(options));
}

/** The value of each placeholder of the template: what a container has to have in its environment. */
export function edgeVariables(options: EdgeOptions): Record<string, string> {
  const directory = path('directory', options.directory);
  const variables: Record<string, string> = {
    EDGE_LISTEN: listenAddress('listen', options.listen),
    // In containers there is TLS as well, once there is a certificate (docker/40-tls.sh).
    EDGE_LISTEN_TOO: '',
    EDGE_MORE_SERVERS: '',
    EDGE_DIRECTORY: directory,
    EDGE_ACCESS_LOG: path('accessLog', options.accessLog ?? `${directory}/access.log`),
    EDGE_ERROR_LOG: options.errorLog === undefined ? 'stderr' : path('errorLog', options.errorLog),
    EDGE_KEEPALIVE_MIN_TIMEOUT: isAtLeast(options.version, FIRST_WITH_KEEPALIVE_MIN_TIMEOUT) ? 'keepalive_min_timeout 10s;' : '',
    EDGE_EXEMPT: lines(exemptNetworks(options).map((network) => `${network} 1;`)),
    EDGE_RESOLVER: resolver(options),
    EDGE_TRIES: 'resolve' in options.upstream ? TRIES_BY_NAME : TRIES,
    EDGE_WHEN_LOST: 'resolve' in options.upstream ? '@again' : '@lost',
    EDGE_BALANCED_BY: balanceDirective(options, options.version, 'resolve' in options.upstream ? options.upstream.resolve : undefined),
    EDGE_SERVERS_BROWSE: servers(options, 'maxConnsBrowse'),
    EDGE_SERVERS_CHECKOUT: servers(options, 'maxConnsCheckout'),
    EDGE_SERVERS_SIGNIN: servers(options, 'maxConnsSignin'),
    EDGE_SERVERS_LIVE: servers(options, 'maxConnsLive'),
  };
  for (const name of ['rate', 'burst', 'connections', 'clientTimeout', 'workers'] as const) {
    variables[NUMBERS[name].variable] = numberSetting(options, name);
  }
  return variables;
}

/**
 * What `envsubst` of GNU gettext does for the variables that it is told of: `$NAME` and `${NAME}` of a known name are
 * replaced once, all else (nginx's own variables, `$` at the end of a pattern) stays.
 */
export function substitute(template: string, variables: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g, (text, braced?: string, bare?: string) => {
    return variables[braced ?? bare ?? ''] ?? text;
  });
}

function resolver({ upstream, version }: EdgeOptions): string {
  if (!('resolve' in upstream)) return '';
  if (!isAtLeast(version, FIRST_WITH_RESOLVE)) {
    throw new EdgeValueError(
      `nginx ${version} can't resolve ${upstream.resolve} again and again: use nginx 1.27.3 or newer, or a list of servers.`,
    );
  }
  // One second: as long as a replica that left may still be asked, and one that joined may stay idle.
  return `resolver ${resolverAddress('resolver', upstream.resolver)} valid=1s ipv6=off;\n  resolver_timeout 1s;`;
}

function servers(options: EdgeOptions, limit: 'maxConnsBrowse' | 'maxConnsCheckout' | 'maxConnsSignin' | 'maxConnsLive'): string {
  const parameters = `max_conns=${numberSetting(options, limit)} ${PASSIVE_HEALTH}`;
  const { upstream } = options;
  if ('resolve' in upstream) return `server ${hostAndPort('resolve', upstream.resolve)} resolve ${parameters};`;
  // nginx refuses an upstream without servers; with nothing but a server that is down it answers 503.
  if (upstream.servers.length === 0) return 'server 127.0.0.1:9 down;';
  return lines(
    upstream.servers.map(({ address, state }, index) => {
      const weight = limit === 'maxConnsLive' ? '' : weightOf(options, index);
      return `server ${hostAndPort('server address', address)}${weight} ${parameters}${state === 'down' ? ' down' : ''};`;
    }),
  );
}

function lines(statements: readonly string[]): string {
  return statements.join('\n    ');
}
