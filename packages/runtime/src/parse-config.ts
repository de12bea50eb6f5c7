import { readFileSync } from 'node:fs';
import type { Static, TObject, TSchema } from 'typebox';
import { Value } from 'typebox/value';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A process that can't start with the variables it got; the message lists every wrong one, and never a secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`wrong configuration: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/**
 * Marks a variable whose value must never be printed: `Type.String({ minLength: 32, ...secret })`. `NAME_FILE` may name a
 * file with the value instead, as Docker and Kubernetes mount secrets: an environment can be read by more people.
 */
export const secret = { secret: true } as const;

/**
 * Reads a process's whole configuration from its environment, once.
 *
 * Variables are strings; a schema of integers, booleans (`true`, `false`, `1`, `0`) and arrays (comma-separated) gives
 * them their types. An empty variable counts as absent, since Compose files can't leave one out.
 *
 * @throws ConfigError that names every wrong or missing variable at once.
 */
export function parseConfig<Schema extends TObject>(schema: Schema, env: Environment): Static<Schema> {
  const given: Record<string, unknown> = {};
  const unreadable: string[] = [];
  for (const [name, property] of Object.entries<TSchema>(schema.properties)) {
    try {
      const raw = env[name]?.trim() || ('secret' in property ? fromFile(env[`${name}_FILE`]) : undefined);
      if (raw) given[name] = fromText(property, raw);
    } catch (error) {
      unreadable.push(`${name}_FILE can't be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (unreadable.length > 0) throw new ConfigError(unreadable);
  const config: unknown = Value.Default(schema, given);
  if (Value.Check(schema, config)) return config;
  throw new ConfigError(describe(schema, config));
}

function fromFile(path: string | undefined): string | undefined {
  return path?.trim() ? readFileSync(path.trim(), 'utf8').trim() : undefined;
}

function fromText(schema: TSchema, raw: string): unknown {
  const type = 'type' in schema ? schema.type : undefined;
  if (type === 'integer' || type === 'number') return /^-?\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
  if (type === 'boolean') return { true: true, '1': true, false: false, '0': false }[raw.toLowerCase()] ?? raw;
  if (type === 'array') {
    return raw
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
  }
  return raw;
}

function describe(schema: TObject, config: unknown): string[] {
  const problems = new Map<string, string>();
  for (const error of Value.Errors(schema, config)) {
    if (error.keyword === 'required') {
      for (const name of error.params.requiredProperties) problems.set(name, `${name} is missing`);
      continue;
    }
    const [name = '', ...rest] = error.instancePath.slice(1).split('/');
    if (!name || problems.has(name)) continue;
    const at = rest.length > 0 ? ` (item ${rest.join('.')})` : '';
    const wrong = error.keyword === 'enum' ? `must be one of ${error.params.allowedValues.join(', ')}` : error.message;
    problems.set(name, `${name}${at} ${wrong}${shown(schema.properties[name], config, name)}`);
  }
  return [...problems.values()];
}

function shown(property: TSchema | undefined, config: unknown, name: string): string {
  if (!property || 'secret' in property) return '';
  const value: unknown = Object.entries(config ?? {}).find(([key]) => key === name)?.[1];
  return `, got ${JSON.stringify(value)}`;
}
