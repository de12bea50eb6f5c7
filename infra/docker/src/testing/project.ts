import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { composeCluster } from '@tenfold/cluster';
import type { Subject } from '@tenfold/cluster/testing';
import { until } from '@tenfold/local/testing';
import type { TestProject } from 'vitest/node';
import { hasEngine } from './engine.ts';
import { dockerEnv, isCi, synchronousStandbyNames } from './engine.config.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** undefined: there is nothing here to run containers with. */
    compose: ProvidedProject | undefined;
  }
}

export interface ProvidedProject {
  name: string;
  /** What docker-compose.yml was started with. */
  env: Record<string, string>;
  url: string;
  /** What the edge shows, in PEM, where `url` is https: COMPOSE_PROFILES=tls npm run test:compose */
  certificate: string | undefined;
  credentials: Subject['credentials'];
}

export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Global set-up of the `compose` project: images are built, ten replicas are up, and when the run ends nothing is left. */
export async function setup(vitest: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!hasEngine()) {
    if (isCi()) throw new Error('The container checks need Docker with Compose, and there is none.');
    process.stdout.write('The container checks are skipped: there is no Docker with Compose here.\n');
    vitest.provide('compose', undefined);
    return undefined;
  }
  const name = `tenfold-test-${process.pid}`;
  const [port, tlsPort] = [String(await freePort()), String(await freePort())];
  // Ten replicas on two cores, all of them starting: what is tested here isn't how they shed load.
  const env = {
    EDGE_PORT: port,
    EDGE_TLS_PORT: tlsPort,
    RATE_LIMIT_SCALE: '1000',
    MAX_EVENT_LOOP_DELAY: '10',
    COMPOSE_PROJECT_NAME: name,
    SYNCHRONOUS_STANDBY_NAMES: synchronousStandbyNames(),
  };
  const remove = () => removeAll(name, env);
  // The last resort when the test run dies without tearing down.
  process.once('exit', remove);
  try {
    const beganToBuild = performance.now();
    dockerCompose(env, 'build', '--quiet');
    const build = secondsSince(beganToBuild);
    const began = performance.now();
    dockerCompose(env, 'up', '--detach', '--scale', 'api=10');
    const certificate = certificateOf(name);
    trust(certificate);
    const url = certificate === undefined ? `http://127.0.0.1:${port}` : `https://127.0.0.1:${tlsPort}`;
    const answers = async () => (await fetch(`${url}/v1/products?limit=1`).catch(() => undefined))?.status === 200;
    await until(answers, { what: 'the edge did not answer', within: 300_000 });
    process.stdout.write(`  images in ${build} s, then the first 200 through the edge after ${secondsSince(began)} s\n`);
    const cluster = composeCluster({ name, env });
    const allReady = async () => {
      const { api, worker } = await cluster.status();
      return api.length === 10 && [...api, ...worker].every(({ state }) => state === 'ready');
    };
    await until(allReady, { what: 'ten replicas and the worker were not ready', within: 300_000 });
    const { admin, staff } = Object(await cluster.credentials());
    vitest.provide('compose', { name, env, url, certificate, credentials: { admin, staff } });
  } catch (error) {
    spawnSync('docker', ['compose', 'logs', '--tail', '20'], { cwd: ROOT, env: dockerEnv(env), stdio: ['ignore', 2, 2] });
    throw error;
  }
  return async () => {
    process.off('exit', remove);
    remove();
  };
}

/** What the edge shows; undefined without TLS. */
export function certificateOf(project: string): string | undefined {
  const { status, stdout } = spawnSync('docker', ['exec', `${project}-edge-1`, 'cat', '/etc/tenfold/tls/tls.crt'], { encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}

/** Has this process trust a certificate that signed itself. */
export function trust(certificate: string | undefined): void {
  if (certificate === undefined || getCACertificates('default').includes(certificate)) return;
  setDefaultCACertificates([...getCACertificates('default'), certificate]);
}

/** @throws with docker's own last words; all of them are on stderr already. */
export function dockerCompose(env: Readonly<Record<string, string>>, ...args: string[]): void {
  const { status, stderr } = spawnSync('docker', ['compose', '--progress', 'quiet', ...args], {
    cwd: ROOT,
    env: dockerEnv(env),
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  process.stderr.write(stderr);
  if (status !== 0) throw new Error(`docker compose ${args[0]} ended with ${status}: ${stderr.trim().split('\n').at(-1)}`);
}

/** @throws when something is left. */
function removeAll(project: string, env: Readonly<Record<string, string>>): void {
  let miscounted = false;
  try {
    dockerCompose(env, 'down', '--volumes', '--remove-orphans', '--rmi', 'local', '--timeout', '5');
  } catch (error) {
    // Docker Engine 20 may lose count of what is in a network when many containers leave it at once. It then keeps the network, in
    // which nothing is, until the engine is started again: its fault, and not that of docker-compose.yml.
    if (!(error instanceof Error) || !error.message.endsWith('has active endpoints')) throw error;
    miscounted = true;
  }
  const left = ['container', 'volume', 'network'].flatMap((kind) => leftovers(kind, project));
  const faults = left.filter((one) => !miscounted || !isEmptyNetwork(one));
  if (faults.length > 0) throw new Error(`docker compose down left ${faults.join(', ')}`);
}

/** @param left as {@link leftovers} names it. */
function isEmptyNetwork(left: string): boolean {
  const [kind = '', id = ''] = left.split(' ');
  const { stdout } = spawnSync('docker', ['network', 'inspect', '--format', '{{len .Containers}}', id], { encoding: 'utf8' });
  return kind === 'network' && stdout.trim() === '0';
}

function leftovers(kind: string, project: string): string[] {
  const all = kind === 'container' ? ['--all'] : [];
  const filter = ['--filter', `label=com.docker.compose.project=${project}`];
  const { stdout } = spawnSync('docker', [kind, 'ls', '--quiet', ...all, ...filter], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((id) => `${kind} ${id}`);
}

const secondsSince = (began: number) => ((performance.now() - began) / 1000).toFixed(1);

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
