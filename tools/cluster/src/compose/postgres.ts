import type { Container } from './containers.ts';
import { docker } from './docker.ts';

/** What a statement gives on one server, run as its operator from inside. @throws ClusterError when it doesn't answer. */
export async function query({ id }: Container, statement: string): Promise<string> {
  return (await docker(['exec', id, 'psql', '--no-psqlrc', '-qtAU', 'postgres', '-c', statement])).trim();
}

export async function isPrimary(server: Container): Promise<boolean> {
  if (server.pid === null) return false;
  return query(server, 'SELECT NOT pg_is_in_recovery()').then(
    (answer) => answer === 't',
    () => false,
  );
}
