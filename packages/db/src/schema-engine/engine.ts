import { readFileSync } from 'node:fs';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg';
import { MigrationAdapter } from './adapter.ts';
import type { Connection } from './connection.ts';

/** Node has it; TypeScript declares it for browsers only. */
declare const WebAssembly: { instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: object } }> };

export type SchemaEngine = engine.SchemaEngine;

/**
 * Prisma's schema engine, the WebAssembly build, on one database.
 *
 * @param datamodels path and text of each schema file, for the commands that compare the database with it.
 */
export async function startEngine(connection: Connection, datamodels: readonly [string, string][] = []): Promise<SchemaEngine> {
  const wasm = new URL('schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm'));
  const { instance } = await WebAssembly.instantiate(readFileSync(wasm), { './schema_engine_bg.js': { ...engine } });
  Reflect.get(engine, '__wbg_set_wasm')(instance.exports);
  Reflect.get(instance.exports, '__wbindgen_start')();
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => process.stderr.write(`${message}\n`) } });
  return engine.SchemaEngine.new(
    { datamodels: datamodels.length > 0 ? [...datamodels] : undefined },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(new MigrationAdapter(connection)),
  );
}
