/** What went wrong, in one sentence for the person at the terminal. Printed without a stack; exit code 1. */
export class ClusterError extends Error {
  override readonly name: string = 'ClusterError';
}

/** The command line itself was wrong; exit code 2. */
export class UsageError extends ClusterError {
  override readonly name = 'UsageError';
}
