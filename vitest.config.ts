import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const slow = [
  '**/*.integration.test.ts',
  '**/*.e2e.test.ts',
  '**/*.soak.test.ts',
  '**/*.load.test.ts',
  '**/*.compose.test.ts',
  '**/*.compose-soak.test.ts',
];
const ignored = ['**/node_modules/**', '**/.tenfold/**'];

/**
 * unit         no I/O, beside the code
 * integration  against a real Postgres with a streaming replica and real Redis, which the run starts itself
 * e2e          several replicas behind real nginx, driven as a client would
 * compose      what docker-compose.yml promises, on containers of its own: `npm run test:compose`
 * compose-soak the same under load, for ten minutes: `npm run test:compose -- --soak`
 * soak         the e2e claims again, for longer: `npm run test:soak`
 * load         k6 and the scaling proof against a cluster of their own: `npm run test:load`
 */
export default defineConfig({
  test: {
    // Integration tests mostly wait: for time-outs, restarts and drains. One worker on two cores would leave both idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      // A deadline for a machine that does much else, not a measure of anything.
      { test: { name: 'unit', include: ['**/*.test.ts'], exclude: [...ignored, ...slow], testTimeout: 30_000 } },
      {
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: ignored,
          globalSetup: ['tools/local/src/testing/stores.ts'],
          // Deadlines are for what never ends: a machine that is three times slower than this one has to meet them too.
          testTimeout: 180_000,
          hookTimeout: 240_000,
          expect: { poll: { timeout: 30_000 } },
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
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'compose',
          include: ['**/*.compose.test.ts'],
          exclude: ignored,
          globalSetup: ['infra/docker/src/testing/project.ts'],
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'compose-soak',
          include: ['**/*.compose-soak.test.ts'],
          exclude: ignored,
          globalSetup: ['infra/docker/src/testing/project.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
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
          hookTimeout: 240_000,
        },
      },
      {
        // The first run builds k6.
        test: { name: 'load', include: ['**/*.load.test.ts'], exclude: ignored, testTimeout: 600_000, hookTimeout: 240_000 },
      },
    ],
  },
});
