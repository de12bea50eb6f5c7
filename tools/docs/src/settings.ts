import { hostname } from 'node:os';
import type { TSchema } from 'typebox';

/** A process's settings as a Markdown table, from the schema that reads them. @throws when one has no description. */
export function settingsTable(properties: Readonly<Record<string, TSchema>>, required: readonly string[]): string {
  const rows = Object.entries(properties).map(([name, schema]) => {
    const description = text(schema, 'description');
    if (description === undefined) throw new Error(`${name} has no description`);
    return `| \`${name}\` | ${required.includes(name) ? defaultOf(schema) : 'none'} | ${valueOf(schema)} | ${description} |`;
  });
  return ['| Variable | Default | Value | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function defaultOf(schema: TSchema): string {
  const fallback = at(schema, 'default');
  if (fallback === undefined) return 'required';
  if (fallback === hostname()) return "the host's name";
  const shown = Array.isArray(fallback) ? fallback.join(',') : plain(fallback);
  return shown === '' ? 'none' : `\`${shown}\``;
}

function valueOf(schema: TSchema): string {
  const choices = at(schema, 'enum');
  const kind = Array.isArray(choices) ? choices.map((choice) => `\`${choice}\``).join(', ') : `${kindOf(schema)}${rangeOf(schema)}`;
  return at(schema, 'secret') === true ? `${kind}, secret` : kind;
}

function kindOf(schema: TSchema): string {
  const kinds: Readonly<Record<string, string>> = {
    integer: 'whole number',
    number: 'number',
    boolean: '`true` or `false`',
    array: 'list, by commas',
  };
  return kinds[text(schema, 'type') ?? ''] ?? 'text';
}

function rangeOf(schema: TSchema): string {
  const [minimum, maximum, minLength] = [at(schema, 'minimum'), at(schema, 'maximum'), at(schema, 'minLength')];
  if (minimum !== undefined && maximum !== undefined) return ` from ${plain(minimum)} to ${plain(maximum)}`;
  if (minimum !== undefined) return ` from ${plain(minimum)}`;
  return minLength === undefined ? '' : `, ${plain(minLength)} characters or more`;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function at(schema: TSchema, key: string): unknown {
  return Reflect.get(schema, key);
}

function text(schema: TSchema, key: string): string | undefined {
  const value = at(schema, key);
  return typeof value === 'string' ? value : undefined;
}
