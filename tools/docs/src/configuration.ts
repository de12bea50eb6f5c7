import { pathToFileURL } from 'node:url';
import { Type, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { ROOT } from './repository.ts';
import { settingsTable } from './settings.ts';

export const PAGE = 'docs/configuration.md';

/** `<!-- settings apps/api/src/config.ts -->`, a table, `<!-- end -->`. */
const SECTION = /<!-- settings (\S+) -->\n[^]*?<!-- end -->/g;

const ConfigModule = Type.Object({
  Schema: Type.Object({
    properties: Type.Record(Type.String(), Type.Unsafe<TSchema>(Type.Object({}))),
    required: Type.Array(Type.String()),
  }),
});

/** The files whose settings the page shows. */
export function documented(page: string): string[] {
  return [...page.matchAll(SECTION)].map(([, file = '']) => file);
}

/** The page with its tables made anew from the schemas. @throws when a file exports no `Schema`. */
export async function fillIn(page: string): Promise<string> {
  const tables = new Map<string, string>();
  for (const file of documented(page)) tables.set(file, await tableOf(file));
  return page.replaceAll(SECTION, (_section, file: string) => `<!-- settings ${file} -->\n\n${tables.get(file)}\n\n<!-- end -->`);
}

async function tableOf(file: string): Promise<string> {
  const module: unknown = { ...(await import(pathToFileURL(`${ROOT}${file}`).href)) };
  if (!Value.Check(ConfigModule, module)) throw new Error(`${file} exports no Schema`);
  return settingsTable(module.Schema.properties, module.Schema.required);
}
