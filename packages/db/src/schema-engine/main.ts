#!/usr/bin/env node
/**
 * Prisma's schema engine without its binary: the CLI's JSON-RPC over stdio, answered by the WebAssembly build of the same
 * engine, which comes from npm like everything else. `prisma.config.ts` points the CLI here.
 */
import { once } from 'node:events';
import { readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connectionFields, runCliCommand } from './connection.ts';
import { type SchemaEngine, startEngine } from './engine.ts';

const connection = connectionFields(datasourceUrl());

if (process.argv.includes('cli')) report(await runCliCommand(process.argv.at(-1) ?? '', connection));
else await serve();
process.exit();

/** Every value that follows `--name`, up to the next flag or the command. */
function values(name: string): string[] {
  const start = process.argv.indexOf(name);
  if (start < 0) return [];
  const after = process.argv.slice(start + 1);
  const end = after.findIndex((value) => value.startsWith('--') || value === 'cli');
  return end < 0 ? after : after.slice(0, end);
}

function datasourceUrl(): string {
  const parsed: unknown = JSON.parse(values('--datasource')[0] ?? '{}');
  if (typeof parsed === 'object' && parsed !== null && 'url' in parsed && typeof parsed.url === 'string') return parsed.url;
  throw new Error('the schema engine needs --datasource {"url": …}');
}

/** The CLI skips the first line and reads the rest as JSON log lines. */
function report(failure: object | undefined) {
  if (!failure) return;
  writeSync(process.stderr.fd, `\n${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields: failure })}\n`);
  process.exitCode = 1;
}

async function serve() {
  const schemaEngine = await startEngine(connection, datamodels()).catch((error: unknown) => report(describe(error)));
  if (!schemaEngine) return;
  let printed = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    if (!method) continue; // the CLI's answer to a print
    try {
      const result = await call(schemaEngine, method, params);
      if (method === 'diff' && hasOutput(result)) {
        printed += 1;
        await send({ id: `print-${printed}`, method: 'print', params: { content: result.stdout } });
      }
      await send({ id, result: result ?? null });
    } catch (error) {
      await send({ id, error: { code: 4466, message: 'An error happened. Check the data field for details.', data: describe(error) } });
    }
  }
}

function datamodels(): [string, string][] {
  return values('--datamodels').map((path) => [path, readFileSync(path, 'utf8')]);
}

function call(schemaEngine: SchemaEngine, method: string, params: unknown): Promise<unknown> {
  const name = method === 'getDatabaseVersion' ? 'version' : method;
  return Reflect.get(schemaEngine, name).call(schemaEngine, params);
}

async function send(message: object) {
  if (!process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)) await once(process.stdout, 'drain');
}

function hasOutput(result: unknown): result is { stdout: string } {
  return typeof result === 'object' && result !== null && 'stdout' in result && Boolean(result.stdout);
}

function describe(error: unknown) {
  const fields = typeof error === 'object' && error !== null ? error : {};
  return {
    is_panic: false,
    message: error instanceof Error ? error.message : String(error),
    meta: 'meta' in fields ? fields.meta : null,
    error_code: 'code' in fields ? fields.code : null,
  };
}
