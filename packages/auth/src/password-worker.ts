import { hashSync, verifySync } from '@node-rs/argon2';

/** argon2id by OWASP's password storage cheat sheet: 19 MiB, two passes, one lane; 20 to 30 ms. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export type PasswordTask = { kind: 'hash'; password: string } | { kind: 'verify'; password: string; hash: string };

/** Runs on a thread of its own, below the event loop's priority. */
export default function work(task: PasswordTask): string | boolean {
  return task.kind === 'hash' ? hashSync(task.password, PARAMETERS) : verifySync(task.hash, task.password);
}
