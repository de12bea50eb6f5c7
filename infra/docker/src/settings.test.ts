import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
// By path: neither of the two is a dependency of what is in the images.
import { postgresqlConf } from '../../../tools/local/src/postgres/settings.ts';
import { edgeVariables } from '../../nginx/index.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('infra/postgres/postgresql.conf', () => {
  it("has the local cluster's settings, but for what is different in a container", () => {
    const parse = (text: string) => new Map(Array.from(text.matchAll(/^(\S+) = '(.*?)'/gm), ([, name = '', value]) => [name, value]));
    const local = parse(postgresqlConf({ name: 'x', port: 5432, durable: true }));
    for (const name of ['cluster_name', 'port', 'unix_socket_directories', 'fsync']) local.delete(name);
    local.set('listen_addresses', '*');
    expect(parse(read('infra/postgres/postgresql.conf'))).toEqual(local);
  });
});

describe('docker-compose.yml', () => {
  it('gives the edge every variable of its template, with the values that renderEdge would fill in', () => {
    const lines = read('docker-compose.yml').matchAll(/^ +(EDGE_\w+): '?(.*?)'?$/gm);
    const given = new Map(Array.from(lines, ([, name = '', value = '']) => [name, value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')]));
    for (const name of ['EDGE_BALANCE', 'EDGE_MAX_CONNS_BROWSE', 'EDGE_PUBLISHED_ON', 'EDGE_TLS_PORT', 'EDGE_TLS_NAME']) given.delete(name); // our own scripts'
    const upstream = { resolve: 'api:3000', resolver: '127.0.0.11' };
    const expected = edgeVariables({ listen: '8081', directory: '/run/edge', version: '1.30.0', accessLog: '/dev/stdout', upstream });
    const flat = Object.entries(expected).map(([name, value]) => [name, value.replaceAll(/\n\s*/g, ' ')] as const);
    expect(Object.fromEntries(given)).toEqual({
      ...Object.fromEntries(flat),
      EDGE_BALANCED_BY: 'include /run/edge/balance.conf;',
      EDGE_EXEMPT: 'include /run/edge/exempt.conf;',
      EDGE_LISTEN_TOO: 'include /run/edge/listen.conf;',
      EDGE_MORE_SERVERS: 'include /run/edge/redirect.conf;',
      EDGE_SERVERS_BROWSE: 'include /run/edge/browse.conf;',
    });
  });
});
