import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Does to a checkout what docs/adding-a-module.md says. @throws when the page has no longer the parts that are looked for. */
export function follow(page: string, checkout: string): void {
  for (const [, path = '', code = ''] of page.matchAll(/^`([\w./-]+\.(?:ts|sql))`\n\n```\w+\n([^]*?)```$/gm)) {
    mkdirSync(dirname(join(checkout, path)), { recursive: true });
    writeFileSync(join(checkout, path), code);
  }
  const schema = join(checkout, 'packages/db/prisma/schema.prisma');
  edit(schema, /sessions +Session\[\]/, (line) => `${line}\n  wishes Wish[]`);
  appendFileSync(schema, `\n${block(page, 'prisma')}`);

  const [imports = '', register = ''] = block(page, 'ts', '`apps/api/src/app.ts`, with').split('\n\n');
  const app = join(checkout, 'apps/api/src/app.ts');
  edit(app, /import \{ opsRoutes \}/, (line) => `${imports}\n${line}`);
  edit(app, / {2}await app\.register\(methodsPlugin/, (line) => `  ${register}${line}`);
  edit(join(checkout, 'docs/http-status-codes.md'), /## Problems of the edge/, (line) => `${block(page, 'md')}\n${line}`);
}

/** The first block of code in a language, from a text on. */
function block(page: string, language: string, from = ''): string {
  const [, code] = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\`$`, 'm').exec(page.slice(page.indexOf(from))) ?? [];
  if (code === undefined) throw new Error(`the page has no ${language} after "${from}"`);
  return code;
}

function edit(file: string, where: RegExp, change: (found: string) => string): void {
  const text = readFileSync(file, 'utf8');
  if (!where.test(text)) throw new Error(`${file} has no ${String(where)}`);
  writeFileSync(file, text.replace(where, change));
}
