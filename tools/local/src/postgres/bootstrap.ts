import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { escapeLiteral } from 'pg';
import { withConnection } from './connect.ts';
import { markComplete, type PostgresSecrets, type PostgresServer } from './server.ts';

const ROLES = fileURLToPath(new URL('../../../../infra/postgres/roles.sql', import.meta.url));

/** Makes the database `tenfold` and its roles in a server that has just been initialised and runs. */
export async function bootstrap(primary: PostgresServer, secrets: PostgresSecrets): Promise<void> {
  const roles = fillIn(await readFile(ROLES, 'utf8'), {
    owner_password: secrets.owner,
    api_password: secrets.api,
    replication_password: secrets.replication,
  });
  const superuser = { port: primary.port, user: 'postgres', password: secrets.superuser } as const;
  await withConnection(superuser, (client) => client.query('CREATE DATABASE tenfold'));
  // Several statements in one query are one transaction: all roles or none.
  await withConnection({ ...superuser, database: 'tenfold' }, (client) => client.query(roles));
  await markComplete(primary);
}

/** Replaces psql's `:'name'` by the value as an SQL literal. @throws when a name has no value. */
export function fillIn(sql: string, values: Readonly<Record<string, string>>): string {
  return sql.replaceAll(/:'(\w+)'/g, (_match, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`roles.sql asks for ${name}, which has no value`);
    return escapeLiteral(value);
  });
}
