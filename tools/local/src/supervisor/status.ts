import type { ClusterStatus, StoreStatus } from '@tenfold/cluster';
import type { Stores } from '../stores.ts';
import type { ApiReplicas } from './api.ts';
import type { Edge } from './edge.ts';
import type { Service } from './service.ts';
import type { StoreServices } from './stores.ts';

interface Parts {
  edge: Edge;
  api: ApiReplicas;
  stores: Stores;
  services: StoreServices;
}

export function statusOf({ edge, api, stores, services }: Parts): ClusterStatus {
  return {
    edge: { url: edge.url, ...commonStatus(edge.service) },
    api: api.status(),
    worker: [],
    postgres: {
      primary: storeStatus(services.primary, stores.primary),
      replicas: services.replicas.flatMap((service, index) => {
        const server = stores.replicas[index];
        return server ? [storeStatus(service, server)] : [];
      }),
    },
    redis: { cache: storeStatus(services.cache, stores.cache), state: storeStatus(services.state, stores.state) },
  };
}

function storeStatus(service: Service, { port }: { port: number }): StoreStatus {
  return { ...commonStatus(service), host: '127.0.0.1', port };
}

function commonStatus({ name, pid, state, problem }: Service) {
  return { name, pid: pid ?? null, state, ...(problem !== undefined && { problem }) };
}
