import { type Environment, parseConfig } from '@tenfold/runtime';
import { Type } from 'typebox';

/** @public docs/configuration.md is made from it. */
export const Schema = Type.Object({
  JWT_KEYS_DIR: Type.String({ minLength: 1, description: 'Folder of the signing keys' }),
  ACCESS_TOKEN_LIFETIME: Type.Number({ minimum: 1, default: 600, description: 'Seconds; as the API has it' }),
});

/** @throws ConfigError that names every wrong variable. */
export const readConfig = (env: Environment = process.env) => parseConfig(Schema, env);
