import pg from 'pg';

/** Separate fields, since a connection string would win over the shadow database's name. */
export function connectionFields(url: string) {
  const { hostname: host, port, username, password, pathname, searchParams } = new URL(url);
  return {
    host,
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    connectionTimeoutMillis: 5000,
    ...(['require', 'verify-full'].includes(searchParams.get('sslmode') ?? '') && { ssl: true }),
  };
}
export type Connection = ReturnType<typeof connectionFields>;

/**
 * The engine's `cli` commands `can-connect-to-database` and `create-database`.
 *
 * @returns undefined when it worked, otherwise Prisma's code for what went wrong, with a sentence.
 */
export async function runCliCommand(command: string, { database, ...server }: Connection): Promise<CliFailure | undefined> {
  const creates = command === 'create-database';
  const client = new pg.Client({ ...server, database: creates ? 'postgres' : database });
  try {
    await client.connect();
    if (creates) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
    return undefined;
  } catch (error) {
    return failure(error, `${server.host}:${server.port}`, server.user, database);
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface CliFailure {
  error_code: string;
  message: string;
}

function failure(error: unknown, where: string, user: string, database: string): CliFailure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === '28P01') return { error_code: 'P1000', message: `Authentication failed for user ${user} at ${where}` };
  if (code === '42P04' || code === '23505') return { error_code: 'P1009', message: `Database ${database} already exists at ${where}` };
  if (code === '3D000') return { error_code: 'P1003', message: `Database ${database} does not exist at ${where}` };
  const reason = error instanceof Error ? error.message || String(code) : String(error);
  return { error_code: 'P1001', message: `Can't reach database server at ${where}: ${reason}` };
}
