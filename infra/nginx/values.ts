import { isIP } from 'node:net';

/**
 * One value of the configuration that can't be used. Every check here also keeps nginx's own syntax out of a value:
 * nothing that passes can hold white space, a quote, `;`, `{` or `$`.
 */
export class EdgeValueError extends Error {
  override readonly name = 'EdgeValueError';
}

/** A whole number in a range. */
export function wholeNumber(what: string, value: number, from: number, to: number): number {
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  throw new EdgeValueError(`${what} must be a whole number from ${from} to ${to}, got ${value}.`);
}

/** `10.0.0.0/8`, `::1/128` or a bare address. */
export function cidr(what: string, value: string): string {
  const [address = '', prefix, ...rest] = value.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  // isIP allows a zone (fe80::1%eth0), nginx doesn't.
  if (bits > 0 && fits && rest.length === 0 && !address.includes('%')) return value;
  throw new EdgeValueError(`${what}: ${JSON.stringify(value)} is not an IP address or CIDR.`);
}

const HOST_AND_PORT = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\]):(\d{1,5})$/;

/** `127.0.0.1:3000`, `[::1]:3000` or `api:3000`. */
export function hostAndPort(what: string, value: string): string {
  const port = Number(HOST_AND_PORT.exec(value)?.[1]);
  if (port >= 1 && port <= 65_535) return value;
  throw new EdgeValueError(`${what} must be host:port with a port from 1 to 65535, got ${JSON.stringify(value)}.`);
}

/** What `listen` takes: `127.0.0.1:8080`, `[::]:8080` or `8080`. */
export function listenAddress(what: string, value: string): string {
  return /^\d+$/.test(value) ? String(wholeNumber(what, Number(value), 1, 65_535)) : hostAndPort(what, value);
}

/** The address of a DNS server: `127.0.0.11`, `[::1]` or `127.0.0.1:5353`. */
export function resolverAddress(what: string, value: string): string {
  return isIP(value) === 4 ? value : hostAndPort(what, /^\[.*\]$/.test(value) ? `${value}:53` : value);
}

/** An absolute path. Spaces are fine, since the template quotes paths; what would end the quotes or name a variable isn't. */
export function path(what: string, value: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (value.startsWith('/') && !/["\\$\u0000-\u001f\u007f]/.test(value)) return value;
  throw new EdgeValueError(
    `${what} must be an absolute path without quotes, backslashes, dollars or line breaks, got ${JSON.stringify(value)}.`,
  );
}

/** Whether nginx `version` is `wanted` or newer. */
export function isAtLeast(version: string, wanted: readonly [number, number, number]): boolean {
  const [, ...parts] = /^(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? [];
  if (parts.length === 0) throw new EdgeValueError(`version must be like 1.31.3, got ${JSON.stringify(version)}.`);
  for (const [index, part] of parts.entries()) {
    const difference = Number(part) - (wanted[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
