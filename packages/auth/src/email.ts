import { domainToASCII } from 'node:url';

/** Local part: what people have, control characters and blanks left out. Whether mail arrives there only sending tells. */
const LOCAL_PART = /^[^\s@"(),:;<>[\\\]\p{C}]{1,64}$/u;
const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

/**
 * The form under which an address is looked up: one account for all ways to type it. Unicode compatibility forms become
 * one (NFKC), letters small, the domain ASCII (IDNA). Dots and "+tags" stay: what they mean is the mail server's affair.
 *
 * @returns undefined for what is no address.
 */
export function normaliseEmail(text: string): string | undefined {
  const normal = text.trim().normalize('NFKC').toLowerCase().normalize('NFC');
  const at = normal.lastIndexOf('@');
  const local = normal.slice(0, at);
  const domain = domainToASCII(normal.slice(at + 1));
  if (at < 1 || !LOCAL_PART.test(local) || local.startsWith('.') || local.endsWith('.') || local.includes('..')) return undefined;
  return DOMAIN.test(domain) ? `${local}@${domain}` : undefined;
}
