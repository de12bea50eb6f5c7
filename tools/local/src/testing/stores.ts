import type { TestProject } from 'vitest/node';
import { serveStoreControl, type ProvidedStores } from './store-control.ts';
import { startTestStores } from './test-stores.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stores: ProvidedStores;
  }
}

/** Global set-up of the `integration` project: real stores for all of its files, gone when the run ends. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stores = await startTestStores();
  const { url, server } = await serveStoreControl(stores);
  project.provide('stores', { ...stores.facts, control: url });
  return async () => {
    server.close();
    await stores.close();
  };
}
