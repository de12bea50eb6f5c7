/** The rows of every table on a page, header and rule included: cells without white space around them. */
export function rowsOf(page: string): string[][] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** The part of a page below a heading, up to the next one of the same depth. @throws when there is no such heading. */
export function below(page: string, heading: string): string {
  const [, after] = page.split(`\n${heading}\n`);
  if (after === undefined) throw new Error(`there is no heading "${heading}"`);
  return after.split(`\n${heading.split(' ')[0]} `)[0] ?? after;
}

/** The pages that links of a page lead to, by path from the root of the repository. */
export function localLinks(page: string, path: string): string[] {
  const folder = path.split('/').slice(0, -1);
  const targets = [...page.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => resolve([...folder, ...target.split('/')]));
}

function resolve(parts: readonly string[]): string {
  const resolved: string[] = [];
  for (const part of parts) {
    if (part === '..') resolved.pop();
    else if (part !== '.' && part !== '') resolved.push(part);
  }
  return resolved.join('/');
}
