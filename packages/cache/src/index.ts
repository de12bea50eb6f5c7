export { createBatchLoader } from './batch-loader.ts';
export { furthest } from './cache-status.ts';
export type { Cached, Collection, CollectionOptions, Loaded } from './collection.ts';
export { type Cache, createCache } from './create-cache.ts';
export { createRedisRemote } from './redis-remote.ts';
export { createMemoryRemote, type Remote } from './remote.ts';
export { SHARED_COLLECTIONS } from './shared-collections.ts';
