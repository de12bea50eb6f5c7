import { join } from 'node:path';
import type { Progress } from '@tenfold/cluster';
import { type ApiReplicas, createApiReplicas } from './api.ts';
import { apiEnvironment, workerEnvironment } from './app-env.ts';
import type { Ground } from './boot.ts';
import { createEdge, type Edge } from './edge.ts';
import { createPaymentSandbox } from './payment-sandbox.ts';
import type { Service, Supervision } from './service.ts';
import { createStoreServices, type StoreServices } from './stores.ts';
import { createWorkers, type Workers } from './workers.ts';

/** Every process of a cluster, none of them started yet. */
export interface Members {
  edge: Edge;
  api: ApiReplicas;
  workers: Workers;
  sandbox: Service;
  stores: StoreServices;
  storeList: Service[];
  everything: () => Service[];
}

export function createMembers(ground: Ground, note: Progress, service: Supervision): Members {
  const { place, ports, settings, maxReplicas } = ground;
  const { logs } = place;
  const stores = createStoreServices(ground.stores, service);
  const api = createApiReplicas({
    max: maxReplicas.api,
    address: (number) => ({ name: `api-${number}`, port: ports.api(number), metricsPort: ports.apiMetrics(number) }),
    env: (replica, changed) => apiEnvironment(ground, replica, changed),
    applyToEdge: () => edge.apply(),
    logs,
    note,
    service,
  });
  const edge = createEdge({
    port: settings.port,
    folder: join(place.data, 'edge'),
    nginx: ground.nginx,
    account: ground.account,
    settings: ground.edgeSettings,
    servers: () => api.servers(),
    logs,
    service,
  });
  const workers = createWorkers({
    max: maxReplicas.worker,
    address: (number) => ({ name: `worker-${number}`, port: ports.worker(number), metricsPort: ports.workerMetrics(number) }),
    env: (worker) => workerEnvironment(ground, worker),
    logs,
    note,
    service,
  });
  const sandbox = createPaymentSandbox(ground, service);
  const storeList = [stores.primary, ...stores.replicas, stores.cache, stores.state];
  const everything = () => [edge.service, ...api.services(), ...workers.services(), sandbox, ...storeList];
  return { edge, api, workers, sandbox, stores, storeList, everything };
}
