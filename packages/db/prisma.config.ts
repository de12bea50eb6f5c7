import { defineConfig } from 'prisma/config';

// The CLI would download an engine binary; this one is the same engine as WebAssembly, from npm (docs/decisions).
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] = `${import.meta.dirname}/src/schema-engine/main.ts`;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});
