import type { ClusterStatus, StoreStatus } from '@tenfold/cluster';
import type { Ground } from './boot.ts';
import type { Members } from './members.ts';
import type { Service } from './service.ts';

export function statusOf({ ports, stores: servers }: Ground, { edge, api, workers, sandbox, stores }: Members): ClusterStatus {
  return {
    edge: { url: edge.url, ...commonStatus(edge.service) },
    api: api.status(),
    worker: workers.status(),
    paymentSandbox: storeStatus(sandbox, { port: ports.paymentSandbox }),
    postgres: {
      primary: storeStatus(stores.primary, servers.primary),
      replicas: stores.replicas.flatMap((service, index) => {
        const server = servers.replicas[index];
        return server ? [storeStatus(service, server)] : [];
      }),
    },
    redis: { cache: storeStatus(stores.cache, servers.cache), state: storeStatus(stores.state, servers.state) },
  };
}

function storeStatus(service: Service, { port }: { port: number }): StoreStatus {
  return { ...commonStatus(service), host: '127.0.0.1', port };
}

function commonStatus({ name, pid, state, problem }: Service) {
  return { name, pid: pid ?? null, state, ...(problem !== undefined && { problem }) };
}
