import type { Logger } from '@tenfold/runtime';
import { at, isName, type Lookup, systemAddresses } from './addresses.ts';
import type { DatabaseNode } from './node.ts';

export interface Server {
  name: string;
  url: string;
  /**
   * The URL's host is a name behind which servers come and go (a scaled service, a headless one): each address that it
   * resolves to is a server. Not with `sslmode`: see isName.
   */
  discover?: boolean;
}

export interface FleetOptions {
  servers: readonly Server[];
  open: (server: Server) => DatabaseNode;
  logger: Logger;
  lookup?: Lookup;
}

/** The database servers there are right now. */
export interface Fleet {
  readonly nodes: readonly DatabaseNode[];
  /** Looks for servers that came or went; concurrent calls share one look. Never throws. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds between two looks: a new replica is read from, at most, this and one poll after it is up. */
const LOOK_INTERVAL = 2000;

export function createFleet({ servers, open, logger, lookup = systemAddresses }: FleetOptions): Fleet {
  const fixed = servers.filter((server) => !isDiscovered(server)).map(open);
  const names = servers.filter(isDiscovered);
  const found = new Map<string, { node: DatabaseNode; name: Server }>();
  let looking: Promise<unknown> | undefined;

  const look = async (name: Server) => {
    const { hostname } = new URL(name.url);
    // Nobody to ask is the same as nothing listed: what answers stays in any case.
    const addresses = await lookup(hostname).catch(() => []);
    const listed = new Map(addresses.map((address) => [at(name.url, address), address]));
    for (const [url, address] of listed) {
      if (found.has(url)) continue;
      logger.info({ node: hostname, address }, 'found a database server');
      found.set(url, { node: open({ name: `${hostname}@${address}`, url }), name });
    }
    for (const [url, { node, name: origin }] of found) {
      if (origin !== name || listed.has(url) || node.state) continue;
      logger.info({ node: node.name }, 'a database server is gone');
      found.delete(url);
      void node.close();
    }
  };
  const refresh = async () => {
    looking ??= Promise.all(names.map(look)).finally(() => {
      looking = undefined;
    });
    await looking;
  };
  const timer = names.length > 0 ? setInterval(() => void refresh(), LOOK_INTERVAL) : undefined;
  const nodes = () => [...fixed, ...Array.from(found.values(), ({ node }) => node)];

  return {
    get nodes() {
      return nodes();
    },
    refresh,
    async close() {
      clearInterval(timer);
      await looking;
      await Promise.all(nodes().map((node) => node.close()));
    },
  };
}

function isDiscovered({ url, discover }: Server): boolean {
  return discover === true && isName(url);
}
