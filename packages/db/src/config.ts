import { parseConfig, secret } from '@tenfold/runtime';
import { Type } from 'typebox';

const Schema = Type.Object({
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://', description: 'The primary, as the role that owns the tables', ...secret }),
});

/** What the migration and seed commands need. @throws ConfigError */
export function readConfig(): { url: string } {
  return { url: parseConfig(Schema, process.env).DATABASE_URL };
}
