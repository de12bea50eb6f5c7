export { until } from '../process/until.ts';
export type { ProvidedCluster } from './cluster.ts';
export { type Load, type Report, startClients, startLoad, unevenness } from './load.ts';
export { type ProvidedStores, type StoreControl, storeControl } from './store-control.ts';
export type { setup as setUpStores } from './stores.ts'; // with it comes the type of inject('stores')
export { describeCluster, startTestCluster, type TestAccount, type TestCluster } from './test-cluster.ts';
export { type PostgresFacts, type RedisFacts, startTestStores, type StoreFacts, type StoreName, type TestStores } from './test-stores.ts';
