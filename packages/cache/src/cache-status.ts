/** Values of the `Cache-Status` header (RFC 9211): the tier nearest to the source comes first. */
export const cacheStatus = {
  l1: 'tenfold-l1; hit',
  stale: 'tenfold-l1; hit; detail=stale',
  l2: 'tenfold-l2; hit, tenfold-l1; fwd=miss',
  /** @param source the server that answered. */
  origin: (source: string) => `tenfold-l2; fwd=miss; detail=${source}, tenfold-l1; fwd=miss`,
};

/** The status of an answer that was put together from several: that of the part that came from furthest. */
export function furthest(statuses: readonly string[]): string {
  const rank = (status: string) =>
    status === cacheStatus.l1 ? 0 : status.startsWith('tenfold-l1') ? 1 : status === cacheStatus.l2 ? 2 : 3;
  return statuses.reduce((far, status) => (rank(status) > rank(far) ? status : far), cacheStatus.l1);
}
