import { Counter } from 'k6/metrics';

/** Answers by the replica that gave them (`X-Served-By`): tag `replica`, which is `edge` for the edge's own. */
export const requestsByReplica = new Counter('requests_by_replica');
/** Requests that were sent again because the answer said that they may be. */
export const retries = new Counter('retries');
/** Reads that did not show what their own reader had written before. There must be none. */
export const staleReads = new Counter('stale_reads');
/** Answers that repeat an earlier one (`Idempotency-Replayed`): a retry that met work done already. */
export const replays = new Counter('replays');
