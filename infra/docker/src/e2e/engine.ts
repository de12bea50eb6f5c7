import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { dockerEnv } from '../testing/engine.config.ts';
import { type ProvidedProject, ROOT } from '../testing/project.ts';

type Project = Pick<ProvidedProject, 'name' | 'env'>;

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}

const SERVICE = 'com.docker.compose.service';

const linesOf = (text: string) => text.split('\n').filter(Boolean);

/** What people type, while the tests go on. @returns once the command has ended. */
export async function dockerComposeUp({ env }: Project, ...args: string[]): Promise<void> {
  await promisify(execFile)('docker', ['compose', 'up', '--detach', ...args], { cwd: ROOT, env: dockerEnv(env) });
}

/** When a replica that runs wrote that it is ready, as Date.now(). */
export function readyAt({ name }: Project, container: string): number {
  const last = linesOf(docker('logs', `${name}-${container}`)).findLast((line) => line.includes('"msg":"ready"'));
  if (last === undefined) throw new Error(`${container} has not said that it is ready`);
  return Date.parse(JSON.parse(last).time);
}

/** The containers of the project that run. */
export function runningIn({ name }: Project, ...filters: string[]): string[] {
  return linesOf(docker('ps', '--quiet', '--filter', `label=com.docker.compose.project=${name}`, ...filters));
}

/** Docker says 0 for its default. */
const weightOf = ([, shares]: string[]) => Number(shares) || 1024;

/** What each service's containers weigh where CPU is short, each weight once. */
export function weightsIn(target: Project): Record<string, number[]> {
  const format = `{{index .Config.Labels "${SERVICE}"}} {{.HostConfig.CpuShares}}`;
  const lines = linesOf(docker('inspect', '--format', format, ...runningIn(target))).map((line) => line.split(' '));
  const services = Map.groupBy(lines, ([service = '']) => service);
  return Object.fromEntries([...services].map(([service, all]) => [service, [...new Set(all.map(weightOf))]]));
}

/** The API replicas that the edge finds though they are not ready. */
export function foundTooSoon({ name }: Project): string[] {
  const ids = linesOf(docker('ps', '--quiet', '--filter', `network=${name}_front`, '--filter', `label=${SERVICE}=api`));
  const lines = ids.length === 0 ? [] : linesOf(docker('inspect', '--format', '{{.Name}} {{.State.Health.Status}}', ...ids));
  return lines.filter((line) => !line.endsWith(' healthy'));
}

/** The images of the API replicas that run, each once. */
export function imagesOf(target: Project): string[] {
  const ids = runningIn(target, '--filter', `label=${SERVICE}=api`);
  return [...new Set(linesOf(docker('inspect', '--format', '{{.Image}}', ...ids)))];
}

/** Builds the image that API replicas are made of from the one that they have, with further lines of a Dockerfile. */
export function changeImage({ name }: Project, ...lines: string[]): void {
  const input = [`FROM ${name}-api`, ...lines, ''].join('\n');
  execFileSync('docker', ['build', '--quiet', '--tag', `${name}-api`, '-'], { input, stdio: ['pipe', 'ignore', 'inherit'] });
}

/** Runs a statement as the database's operator. */
export function inDatabase({ name }: Project, statement: string, server = 'postgres-1'): string[] {
  return linesOf(docker('exec', `${name}-${server}`, 'psql', '--no-psqlrc', '-qtAU', 'postgres', '-d', 'tenfold', '-c', statement));
}

/** Ends a container at once, and for good: an order, to the engine, so that it starts nothing again. */
export function killForGood({ name }: Project, container: string): void {
  docker('kill', `${name}-${container}`);
}

/** What is left of a replica when the cluster tool is killed while it boots: out of the edge's sight, with next to no CPU. */
export function interruptStart({ name }: Project, container: string): void {
  docker('network', 'disconnect', `${name}_front`, `${name}-${container}`);
  docker('update', '--cpu-shares', '64', `${name}-${container}`);
}

/** Stops everybody in a container but PID 1, without a word: it hangs. */
export function hang({ name }: Project, container: string): void {
  docker('exec', `${name}-${container}`, 'bash', '-c', 'kill -STOP -1');
}

export function startAgain({ name }: Project, container: string): void {
  docker('start', `${name}-${container}`);
}

/** What a command says in the worker's container: mails are a folder there. */
export function inWorker({ name }: Project, command: string): string {
  return docker('exec', `${name}-worker-1`, 'sh', '-c', command);
}

/** What a container may, and whether anybody in it is root. */
export function confinement(id: string) {
  const [{ HostConfig, Config }] = JSON.parse(docker('inspect', id));
  const [, ...users] = linesOf(docker('top', id, '-o', 'pid,uid'));
  return {
    readOnly: HostConfig.ReadonlyRootfs,
    dropped: HostConfig.CapDrop,
    options: HostConfig.SecurityOpt,
    init: HostConfig.Init,
    memory: HostConfig.Memory > 0,
    processes: HostConfig.PidsLimit > 0,
    checked: Array.isArray(Config.Healthcheck?.Test),
    root: users.some((line) => line.trimEnd().endsWith(' 0')),
  };
}

/** What each of them is to answer. */
export const CONFINED = {
  readOnly: true,
  dropped: ['ALL'],
  options: ['no-new-privileges:true'],
  init: true,
  memory: true,
  processes: true,
  checked: true,
  root: false,
};
