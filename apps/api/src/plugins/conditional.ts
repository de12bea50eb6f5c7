/**
 * Whether an `If-None-Match` header names this entity tag (RFC 9110, 13.1.2). Compared weakly, as it says there: the edge
 * makes a tag weak when it compresses the body.
 */
export function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag) return true;
  return tagsOf(header).some((given) => given === '*' || given === etag);
}

/**
 * Whether an `If-Match` header names this version of something whose entity tags are `"version-…"`. What follows the version
 * changes without anybody's edit. Weak tags count, against RFC 9110 (13.1.1): the edge made them weak, and the version is
 * the same in both.
 */
export function matchesVersion(header: string, version: string): boolean {
  return tagsOf(header).some((given) => given === '*' || given.startsWith(`"${version}-`));
}

function tagsOf(header: string): string[] {
  return header.split(',').map((given) => given.trim().replace(/^W\//, ''));
}
