/** CONTAINER_ENGINE_SETUP: a script that installs and starts an engine where there is none. */
export function engineSetup(): string | undefined {
  return process.env['CONTAINER_ENGINE_SETUP']?.trim() || undefined;
}

/** In CI, a check that can't be made has failed. */
export function isCi(): boolean {
  return Boolean(process.env['CI']);
}

/** The checks can be made with replication of either kind. */
export function synchronousStandbyNames(): string {
  return process.env['SYNCHRONOUS_STANDBY_NAMES'] ?? '';
}

/** The environment of docker commands. */
export function dockerEnv(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...env };
}
