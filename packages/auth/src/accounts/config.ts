import { type Environment, parseConfig, secret } from '@tenfold/runtime';
import { Type } from 'typebox';

/** @public docs/configuration.md is made from it. */
export const Schema = Type.Object({
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://', description: 'The PostgreSQL primary', ...secret }),
  ACCOUNTS: Type.String({ minLength: 2, description: 'JSON: [{ "email", "password", "role" }]', ...secret }),
});

/** @throws ConfigError that names every wrong variable. */
export const readConfig = (env: Environment = process.env) => parseConfig(Schema, env);
