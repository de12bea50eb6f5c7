import { parseConfig, secret } from '@tenfold/runtime';
import { Type } from 'typebox';

/** @public docs/configuration.md is made from it. */
export const Schema = Type.Object({
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://', description: 'The primary, as the role that owns the tables', ...secret }),
});

/** What the migration and seed commands need. @throws ConfigError */
export function readConfig(): { url: string } {
  return { url: parseConfig(Schema, process.env).DATABASE_URL };
}
