import { type Environment, parseConfig, secret } from '@tenfold/runtime';
import { type Static, Type } from 'typebox';

const milliseconds = (fallback: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 600_000, default: fallback, description: `Milliseconds: ${description}` });

/** @public docs/configuration.md is made from it. */
export const Schema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 4100, description: 'Port to listen on' }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'The least severe lines to write',
  }),
  DATA_DIR: Type.String({ minLength: 1, description: 'Folder of the file that remembers every charge' }),
  WEBHOOK_URL: Type.Optional(Type.String({ pattern: '^https?://', description: 'Where events are sent; without it none are' })),
  WEBHOOK_SECRET: Type.String({ minLength: 16, description: 'Signs them; the same as the API has', ...secret }),
  ANSWER_DELAY: milliseconds(50, 'How long an answer takes'),
  SLOW_DELAY: milliseconds(4000, 'How long it takes for pm_slow, and to capture it'),
  WEBHOOK_DELAY: milliseconds(1000, 'How late an event is sent, at most'),
});

export type Config = Static<typeof Schema>;

/** @throws ConfigError that names every wrong variable. */
export function readConfig(env: Environment = process.env): Config {
  return parseConfig(Schema, env);
}
