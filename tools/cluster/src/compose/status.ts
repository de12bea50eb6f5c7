import { ClusterError } from '../errors.ts';
import type { ApiStatus, ClusterStatus, StoreStatus } from '../status.ts';
import type { Container } from './containers.ts';
import { isPrimary } from './postgres.ts';

/** What the images listen at. */
const PORTS = { postgres: 5432, redis: 6379, paymentSandbox: 4100 } as const;

/** @throws ClusterError when a service has no container at all. */
export async function statusOf(containers: readonly Container[]): Promise<ClusterStatus> {
  const of = (service: string) => containers.filter((one) => one.service === service);
  const one = (service: string) => {
    const [first] = of(service);
    if (!first) throw new ClusterError(`The service ${service} has no container: \`docker compose up\` makes it.`);
    return first;
  };
  const servers = [...of('postgres'), ...of('postgres-replica')];
  const primary = await primaryOf(servers, one('postgres'));
  const edge = one('edge');
  const [sandbox] = of('payment-sandbox');
  return {
    edge: { ...common(edge), url: await urlOf(edge) },
    api: of('api').map((container) => replica(container, 3000, 9464)),
    worker: of('worker').map((container) => replica(container, 3100, 9465)),
    ...(sandbox && { paymentSandbox: store(sandbox, PORTS.paymentSandbox) }),
    postgres: {
      primary: store(primary, PORTS.postgres),
      replicas: servers.filter(({ id }) => id !== primary.id).map((container) => store(container, PORTS.postgres)),
    },
    redis: { cache: store(one('redis-cache'), PORTS.redis), state: store(one('redis-state'), PORTS.redis) },
  };
}

/** Whoever takes writes, whatever its service is called; without one, the server that is meant to. */
async function primaryOf(servers: readonly Container[], otherwise: Container): Promise<Container> {
  const roles = await Promise.all(servers.map(isPrimary));
  return servers.find((_, index) => roles[index]) ?? otherwise;
}

/** Where the edge is published: with TLS once the plain port sends everybody there. */
export async function urlOf({ published }: Container): Promise<string> {
  const at = (port: number) => {
    const found = published.find(({ inside }) => inside === port);
    return found ? `${found.host === '0.0.0.0' ? '127.0.0.1' : found.host}:${found.port}` : `127.0.0.1:${port}`;
  };
  const plain = `http://${at(8080)}`;
  if (published.length === 0) return plain;
  const answer = await fetch(`${plain}/edge-health`, { redirect: 'manual', signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  return answer?.status === 301 ? `https://${at(8443)}` : plain;
}

function common({ name, pid, state, exitCode }: Container) {
  const problem = state === 'restarting' ? { problem: `${name} ended with exit code ${exitCode}` } : {};
  return { name, pid, state, ...problem };
}

function replica(container: Container, port: number, metricsPort: number): ApiStatus {
  return { ...common(container), host: container.address, port, metricsPort };
}

function store(container: Container, port: number): StoreStatus {
  return { ...common(container), host: container.address, port };
}
