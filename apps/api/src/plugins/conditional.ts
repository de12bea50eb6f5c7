/**
 * Whether an `If-None-Match` header names this entity tag (RFC 9110, 13.1.2). Compared weakly, as it says there: the edge
 * makes a tag weak when it compresses the body.
 */
export function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag) return true;
  return header.split(',').some((given) => given.trim() === '*' || given.trim().replace(/^W\//, '') === etag);
}
