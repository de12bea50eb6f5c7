/** Machines that a load may be sent to without asking: this one, and the edge inside the compose network. */
const OURS = /^(?:127\.0\.0\.1|localhost|\[::1\]|edge)$/;

/**
 * Checks where the load is to go. A load test against a machine of somebody else is an attack, so any other host has to
 * be named twice: as the target and, on purpose, as `owned` (`--i-own-this-target URL`).
 *
 * @returns the target without a slash at its end.
 * @throws Error when it may not be loaded, which ends k6 before the first request.
 */
export function checkTarget(target: string, owned: string | undefined): string {
  const match = /^https?:\/\/(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?\/?$/.exec(target);
  if (!match) throw new Error(`The target must look like http://127.0.0.1:8080, not ${target}.`);
  const base = target.replace(/\/$/, '');
  if (OURS.test(match[1] ?? '') || owned?.replace(/\/$/, '') === base) return base;
  throw new Error(`${base} is not this machine: a load test of it needs --i-own-this-target ${base}.`);
}
