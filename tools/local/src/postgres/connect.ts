import { Client } from 'pg';

interface Target {
  port: number;
  user: 'postgres' | 'tenfold_owner' | 'tenfold_api';
  password: string;
  database?: string;
}

/** Opens one connection, hands it to `use` and closes it. @throws what connecting or `use` throws. */
export async function withConnection<T>(target: Target, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    host: '127.0.0.1',
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database ?? 'postgres',
    application_name: 'tenfold-cluster',
    connectionTimeoutMillis: 2000,
    query_timeout: 60_000,
  });
  // A server that is stopped ends its connections with an error, which must not end us; the query under way rejects too.
  client.on('error', () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether the server accepts connections and answers. @throws why it doesn't. */
export async function answers(port: number, superuserPassword: string): Promise<boolean> {
  return withConnection({ port, user: 'postgres', password: superuserPassword }, async (client) => {
    await client.query('SELECT 1');
    return true;
  });
}

/** A connection URL for the database `tenfold`. */
export function databaseUrl(user: string, password: string, port: number): string {
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}/tenfold`;
}
