import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { documented, fillIn, PAGE } from './configuration.ts';
import { below, localLinks, rowsOf } from './markdown.ts';
import { files, read, ROOT } from './repository.ts';

const sources = files().filter((path) => /\.(ts|template)$/.test(path) && !path.includes('test'));
const pages = files().filter((path) => path.endsWith('.md') && existsSync(`${ROOT}${path}`));

describe('docs/configuration.md', () => {
  const page = read(PAGE);

  it('has the settings of every process', () => {
    const readers = sources.filter(
      (path) => path.endsWith('/config.ts') && !path.startsWith('tools/bench/') && read(path).includes('parseConfig('),
    );
    expect(documented(page).toSorted()).toEqual(readers.toSorted());
  });

  it('is what `npm run docs` makes of the schemas', async () => {
    expect(rowsOf(await fillIn(page)).map(withoutRule)).toEqual(rowsOf(page).map(withoutRule));
  });

  it('has every variable that is read without a schema, and no other', () => {
    const tables = [...rowsOf(below(page, '## The edge')), ...rowsOf(below(page, '## The local cluster'))];
    const shown = tables.flatMap(([cell = '']) => /^`([A-Z_]+)`$/.exec(cell)?.[1] ?? []);
    const tools = sources.filter((path) => /^tools\/(cluster|local)\/src\/config\.ts$/.test(path)).map(read);
    const direct = tools.flatMap((text) => [...text.matchAll(/process\.env\['([A-Z_]+)'\]/g)].map(([, name]) => name));
    const edge = ['settings', 'balance'].flatMap((file) => [
      ...read(`infra/nginx/${file}.ts`).matchAll(/variable: '(EDGE_\w+)', fallback: '?(\w+)'?,/g),
    ]);
    expect(new Set(shown)).toEqual(new Set([...direct, 'EDGE_LIMIT_EXEMPT', 'EDGE_WEIGHTS', ...edge.map(([, name]) => name)]));
    for (const [, name, fallback] of edge) {
      expect(tables.find(([cell]) => cell === `\`${name}\``)?.[1]).toBe(`\`${fallback}\``);
    }
  });
});

describe('docs/http-status-codes.md', () => {
  const page = read('docs/http-status-codes.md');
  const shownBelow = (heading: string) =>
    rowsOf(below(page, heading)).flatMap(([status, code = '']) => (/^`\w+`$/.test(code) ? [`${status} ${code.slice(1, -1)}`] : []));

  it('has every problem of the API, and no other', () => {
    expect(shownBelow('## Problems of the API').toSorted()).toEqual([...problemsOfApi()].toSorted());
  });

  it('has every problem of the edge, and no other', () => {
    const [, map = ''] = /map \$status \$edge_code \{([^}]*)\}/.exec(read('infra/nginx/nginx.conf.template')) ?? [];
    const codes = [...map.matchAll(/(\d{3}) (\w+);/g)].map(([, status, code]) => `${status} ${code}`);
    expect(shownBelow('## Problems of the edge').toSorted()).toEqual(codes.toSorted());
  });
});

describe('every page', () => {
  it.each(pages)('%s links to what is there', (path) => {
    expect(localLinks(read(path), path).filter((target) => !existsSync(`${ROOT}${target}`))).toEqual([]);
  });

  it.each(pages)('%s names npm scripts that are there', (path) => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
    const named = [...read(path).matchAll(/npm run (?:-s )?([a-z][a-z:]*)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

/** Under a table's header is a line of dashes, as long as its column. */
function withoutRule(cells: readonly string[]): string[] {
  return cells.map((cell) => cell.replace(/^-+$/, '-'));
}

/** "404 product_not_found", from the errors that the sources define and the answers that are written out in them. */
function problemsOfApi(): Set<string> {
  const found = new Set<string>();
  const api = sources.filter((path) => /^(apps\/api|packages\/orders)\/src\//.test(path)).map(read);
  for (const text of api) {
    for (const [, code = '', status] of text.matchAll(/createError(?:<[^>]*>)?\(\s*'([A-Z_]+)',[^;]*?,\s*(\d{3}),?\s*\)/g)) {
      found.add(`${status} ${code.toLowerCase()}`);
    }
    for (const [, code = '', status] of text.matchAll(/new Refusal\(\s*'([A-Z_]+)',\s*(\d{3}),/g))
      found.add(`${status} ${code.toLowerCase()}`);
    for (const [, code = ''] of text.matchAll(/wrongState\('([A-Z_]+)'/g)) found.add(`409 ${code.toLowerCase()}`);
    for (const [, status, code] of text.matchAll(/status: (\d{3}),\s*code: '([a-z_]+)'/g)) found.add(`${status} ${code}`);
  }
  for (const text of [...api, read('packages/orders/src/refusals.ts')]) {
    for (const [, code = '', status] of text.matchAll(/new Refusal\(\s*'([A-Z_]+)',\s*(\d{3})/g))
      found.add(`${status} ${code.toLowerCase()}`);
    for (const [, code = ''] of text.matchAll(/wrongState\('([A-Z_]+)'/g)) found.add(`409 ${code.toLowerCase()}`);
  }
  const [, byHand = ''] = /const code = \{([^}]*)\}\[status\]/.exec(read('apps/api/src/plugins/problems.ts')) ?? [];
  for (const [, status, code] of byHand.matchAll(/\b(\d{3}): '([a-z_]+)'/g)) found.add(`${status} ${code}`);
  const framework: Readonly<Record<string, number>> = {
    bad_url: 400,
    body_too_large: 413,
    invalid_json: 400,
    bad_request: 400,
    unsupported_media_type: 415,
    uri_too_long: 414,
  };
  for (const [, code = ''] of read('apps/api/src/plugins/problems.ts').matchAll(/FST_\w+: '([a-z_]+)'/g)) {
    found.add(`${framework[code] ?? 'of which status is'} ${code}`);
  }
  return found;
}
