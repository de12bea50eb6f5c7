import { defineConfig } from 'vitest/config';

const slow = ['**/*.integration.test.ts', '**/*.e2e.test.ts', '**/*.soak.test.ts'];
const ignored = ['**/node_modules/**', '**/.tenfold/**'];

/**
 * unit         no I/O, beside the code
 * integration  against a real Postgres with a streaming replica and real Redis, which the run starts itself
 * e2e          several replicas behind real nginx, driven as a client would
 * soak         the e2e claims again, for longer: `npm run test:soak`
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['**/*.test.ts'], exclude: [...ignored, ...slow] } },
      {
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: ignored,
          globalSetup: ['tools/local/src/testing/stores.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['**/*.e2e.test.ts'],
          exclude: ignored,
          globalSetup: ['tools/local/src/testing/cluster.ts'],
          // One cluster for all: what one file kills another must not be measuring.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'soak',
          include: ['**/*.soak.test.ts'],
          exclude: ignored,
          globalSetup: ['tools/local/src/testing/cluster.ts'],
          fileParallelism: false,
          testTimeout: 1_800_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
