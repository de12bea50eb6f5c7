/** What went wrong, in one sentence for the person at the terminal. Exit code 1. */
export class LoadError extends Error {
  override readonly name: string = 'LoadError';
}

/** The command line itself was wrong; exit code 2. */
export class UsageError extends LoadError {
  override readonly name = 'UsageError';
}

/** Somebody pressed Ctrl-C; exit code 130. */
export class Interrupted extends LoadError {
  override readonly name = 'Interrupted';

  constructor() {
    super('Interrupted.');
  }
}
