export type { Cluster, LogOptions, Progress, Scalable } from './cluster.ts';
export { stateDirectory } from './config.ts';
export { ClusterError, UsageError } from './errors.ts';
export { type CpuGroup, cpuGroup } from './local/cgroup.ts';
export { localCluster } from './local/client.ts';
export { locate, type Place, SYSTEM_DIR } from './local/place.ts';
export { Command, type Reply } from './local/protocol.ts';
export type { ClusterStatus, ApiStatus, State, StoreStatus } from './status.ts';
export type { ProcessUsage } from './usage.ts';
