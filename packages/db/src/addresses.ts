import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** The addresses of a host name. @throws when there is none, or nobody to ask. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

export async function systemAddresses(hostname: string): Promise<string[]> {
  const addresses = await systemLookup(hostname, { all: true });
  return addresses.map(({ address }) => address);
}

/** Whether a URL's host may stand for several servers. Not with `sslmode`: a certificate is checked against the name. */
export function isName(url: string): boolean {
  const { hostname, searchParams } = new URL(url);
  return isIP(hostname.replaceAll(/[[\]]/g, '')) === 0 && !searchParams.has('sslmode');
}

/** The same URL with another host. */
export function at(url: string, host: string): string {
  const moved = new URL(url);
  moved.hostname = isIP(host) === 6 ? `[${host}]` : host;
  return moved.href;
}
