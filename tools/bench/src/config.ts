import { type Environment, parseConfig, secret } from '@tenfold/runtime';
import { type Static, Type } from 'typebox';

const Schema = Type.Object({
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://', description: 'The replica that a reference server reads from', ...secret }),
});

/** Of the reference servers. @throws ConfigError that names every wrong variable. */
export function readConfig(env: Environment = process.env): Static<typeof Schema> {
  return parseConfig(Schema, env);
}

/** What servers under measurement inherit: where programs are, and nothing that changes what they do. */
export function inheritedEnv(env: Environment = process.env): Record<string, string> {
  return { PATH: env['PATH'] ?? '', HOME: env['HOME'] ?? '' };
}
