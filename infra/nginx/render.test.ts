import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Balance } from './balance.ts';
import { type EdgeOptions, edgeVariables, renderEdge, substitute } from './render.ts';

const options: EdgeOptions = {
  listen: '127.0.0.1:8080',
  directory: '/var/lib/tenfold/edge',
  version: '1.31.3',
  upstream: { servers: [{ address: '127.0.0.1:20021', state: 'up' }] },
};
const template = readFileSync(new URL('nginx.conf.template', import.meta.url), 'utf8');

describe('renderEdge', () => {
  it('fills in every placeholder', () => {
    expect(renderEdge(options)).not.toMatch(/\$\{?EDGE_\w/);
  });

  it("leaves nginx's own variables alone", () => {
    const own = /\$[a-z]\w*/g;
    expect(renderEdge(options).match(own)).toEqual(template.match(own));
  });

  it('gives each class its own places at each replica, and a drained replica none', () => {
    const text = renderEdge({
      ...options,
      maxConnsBrowse: 7,
      upstream: {
        servers: [
          { address: '127.0.0.1:1', state: 'up' },
          { address: '[::1]:2', state: 'down' },
        ],
      },
    });
    expect(text).toContain('server 127.0.0.1:1 max_conns=7 max_fails=2 fail_timeout=1s;');
    expect(text).toContain('server [::1]:2 max_conns=7 max_fails=2 fail_timeout=1s down;');
    for (const limit of [32, 16, 2048]) expect(text).toContain(`server 127.0.0.1:1 max_conns=${limit} `);
  });

  it('has one server line a class for a name', () => {
    const text = renderEdge({ ...options, upstream: { resolve: 'api:3000', resolver: '127.0.0.11' } });
    expect(text.match(/server api:3000 resolve max_conns=/g)).toHaveLength(4);
    expect(text).toContain('resolver 127.0.0.11 valid=1s ipv6=off;');
  });

  it.each<[Balance, string[]]>([
    ['round_robin', []],
    ['weighted', []],
    ['least_conn', ['least_conn;']],
    ['ip_hash', ['ip_hash;']],
    ['random_two', ['random two least_conn;']],
    ['least_time', ['least_time header;']],
  ])('with %s says %j in all upstreams but live, before keepalive', (balance, wanted) => {
    const methods = methodsOf(renderEdge({ ...options, balance, weights: [2, 1] }));
    expect(methods).toEqual({ browse: wanted, checkout: wanted, signin: wanted, live: ['least_conn;'] });
  });

  it('gives weights to servers in order, but for live, and 1 to those past the end', () => {
    const servers = [1, 2, 3].map((port) => ({ address: `127.0.0.1:${port}`, state: 'up' }) as const);
    const text = renderEdge({ ...options, balance: 'weighted', weights: [3, 2], upstream: { servers } });
    expect(text.match(/server 127.0.0.1:1 weight=3 max_conns/g)).toHaveLength(3);
    expect(text.match(/server 127.0.0.1:2 weight=2 max_conns/g)).toHaveLength(3);
    expect(text.match(/server 127.0.0.1:3 weight=1 max_conns/g)).toHaveLength(3);
    expect(text).toContain('server 127.0.0.1:1 max_conns=2048');
    // Kept for whoever turns to them later.
    expect(renderEdge({ ...options, weights: [3, 2] })).not.toContain('weight=');
  });

  it.each([
    ['1.27.3', false],
    ['1.27.4', true],
    ['1.30.0', true],
  ])('for nginx %s has keepalive_min_timeout: %s', (version, expected) => {
    expect(renderEdge({ ...options, version }).includes('keepalive_min_timeout')).toBe(expected);
  });

  it.each<[string, Partial<EdgeOptions>]>([
    ['listen must be', { listen: '127.0.0.1:80801' }],
    ['listen must be', { listen: '8080; }' }],
    ['listen must be', { listen: '0' }],
    ['directory must be', { directory: 'edge' }],
    ['directory must be', { directory: '/tmp/"; }' }],
    ['directory must be', { directory: '/tmp/$host' }],
    ['accessLog must be', { accessLog: 'off' }],
    ['errorLog must be', { errorLog: '/tmp/a\nb' }],
    ['version must be', { version: '1.31' }],
    ['server address must be', { upstream: { servers: [{ address: '127.0.0.1', state: 'up' }] } }],
    ['server address must be', { upstream: { servers: [{ address: 'a:1; } b', state: 'up' }] } }],
    ['resolve must be', { upstream: { resolve: 'api', resolver: '127.0.0.11' } }],
    ['resolver must be', { upstream: { resolve: 'api:3000', resolver: 'dns;' } }],
    ["nginx 1.22.1 can't resolve", { version: '1.22.1', upstream: { resolve: 'api:3000', resolver: '127.0.0.11' } }],
    ['EDGE_LIMIT_EXEMPT: "10.0.0.0/33" is not', { limitExempt: ['10.0.0.0/33'] }],
    ['EDGE_LIMIT_EXEMPT: "::1/129" is not', { limitExempt: ['::1/129'] }],
    ['EDGE_LIMIT_EXEMPT: "fe80::1%eth0" is not', { limitExempt: ['fe80::1%eth0'] }],
    ['EDGE_LIMIT_EXEMPT: "10.0.0.0/8/8" is not', { limitExempt: ['10.0.0.0/8/8'] }],
    ['EDGE_LIMIT_EXEMPT: "all; }" is not', { limitExempt: ['all; }'] }],
    ['EDGE_BALANCE=weighted needs EDGE_WEIGHTS', { balance: 'weighted' }],
    ['EDGE_WEIGHTS must be a whole number from 1 to 100, got 0', { balance: 'weighted', weights: [1, 0] }],
    ['known as api:3000', { balance: 'weighted', weights: [2], upstream: { resolve: 'api:3000', resolver: '127.0.0.11' } }],
    ['EDGE_BALANCE=least_time needs nginx 1.31.0 or newer, this is 1.30.0.', { version: '1.30.0', balance: 'least_time' }],
    ['EDGE_RATE must be a whole number from 1 to', { rate: 0 }],
    ['EDGE_BURST must be a whole number from 1 to', { burst: 1.5 }],
    ['EDGE_MAX_CONNS_SIGNIN must be a whole number from 1 to', { maxConnsSignin: Number.NaN }],
    ['EDGE_WORKERS must be a whole number from 1 to 256', { workers: 1000 }],
  ])('refuses with "%s": %o', (sentence, wrong) => {
    expect(() => renderEdge({ ...options, ...wrong })).toThrow(sentence);
  });
});

/** What stands between `zone` and the first server of each upstream. */
function methodsOf(conf: string): Record<string, string[]> {
  const blocks = conf.matchAll(/upstream (\w+) \{\n *zone .*\n([^}]*?) *server [^}]*\}/g);
  const lines = (text: string) => text.split('\n').map((line) => line.trim());
  return Object.fromEntries(
    Array.from(blocks, ([, name = '', text = '']) => [name, lines(text).filter((line) => line !== '' && !line.startsWith('#'))]),
  );
}

describe('substitute', () => {
  const gettext = 'envsubst';
  const variables = { ...edgeVariables(options), EDGE_RATE: '$EDGE_BURST', UNUSED: 'x' };

  it('replaces known names, with braces or without, once; nothing else', () => {
    const text = '$EDGE_RATE ${EDGE_RATE}s $host ${host} $EDGE_RATES $1 $ ${ ${EDGE-RATE} a$';
    expect(substitute(text, { EDGE_RATE: '$host' })).toBe('$host $hosts $host ${host} $EDGE_RATES $1 $ ${ ${EDGE-RATE} a$');
  });

  it.skipIf(spawnSync(gettext, ['--version']).status !== 0)("does to the template what the nginx image's envsubst does", () => {
    const names = Object.keys(variables)
      .map((name) => `\${${name}}`)
      .join(' ');
    const { stdout } = spawnSync(gettext, [names], { input: template, env: { ...variables }, encoding: 'utf8' });
    expect(substitute(template, variables)).toBe(stdout);
  });
});
