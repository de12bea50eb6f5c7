import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const FOLDER = new URL('../../prisma/migrations/', import.meta.url);
/** The last one before replicas of two versions could meet. */
const FIRST_RELEASE = '20261104000000_orders';
/** The first line of a migration that takes away what the release before it has stopped to use. */
const CONTRACT = /^-- contract: \S+/;

/** What breaks replicas of the release before, which serve on while new ones start; or holds them up with a lock. */
const HAZARDS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['drops something', /^(?:DROP|ALTER TABLE .* DROP) (?!NOT NULL|DEFAULT)/i],
  ['drops something', /^ALTER TABLE .* DROP (?:COLUMN|CONSTRAINT)/i],
  ['renames something', /\bRENAME\b/i],
  ['changes a type', /^ALTER TABLE .*\bALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE\b/i],
  ['demands a value that old code does not write', /^ALTER TABLE .*\bSET NOT NULL\b/i],
  ['demands a value that old code does not write', /\bADD COLUMN (?:(?!\bDEFAULT\b)[^,])*\bNOT NULL\b(?![^,]*\bDEFAULT\b)/i],
  ['checks or links every row under a lock (NOT VALID first)', /\bADD CONSTRAINT\b.*\b(?:CHECK|FOREIGN KEY)\b(?!.*\bNOT VALID\b)/i],
];

/** @returns the hazards of a migration, each with the statement it is in; none for one that says that it contracts. */
function hazardsOf(migration: string): string[] {
  if (CONTRACT.test(migration)) return [];
  const statements = migration
    .replaceAll(/--.*$/gm, '')
    .split(';')
    .map((statement) => statement.replaceAll(/\s+/g, ' ').trim());
  const found = statements.flatMap((statement) =>
    HAZARDS.filter(([, pattern]) => pattern.test(statement)).map(([what]) => `${what}: ${statement}`),
  );
  return [...new Set(found)];
}

describe('migrations expand first', () => {
  it.each([
    'ALTER TABLE products DROP COLUMN name',
    'ALTER TABLE products DROP name',
    'DROP TABLE products',
    'DROP INDEX products_name_id_idx',
    'ALTER TABLE products RENAME COLUMN name TO title',
    'ALTER TABLE products RENAME TO goods',
    'ALTER TABLE products ALTER COLUMN price TYPE bigint',
    'ALTER TABLE products ALTER COLUMN name SET NOT NULL',
    'ALTER TABLE products ADD COLUMN title text NOT NULL',
    'ALTER TABLE products ADD COLUMN a integer DEFAULT 0,\n  ADD COLUMN b text NOT NULL',
    'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0)',
  ])('so this one is refused: %s', (statement) => {
    expect(hazardsOf(`-- what it is for\n${statement};`)).not.toEqual([]);
  });

  it.each([
    'ALTER TABLE products ADD COLUMN subtitle text',
    "ALTER TABLE products ADD COLUMN kind text NOT NULL DEFAULT 'plain'",
    "ALTER TABLE products ADD COLUMN kind text DEFAULT 'plain' NOT NULL",
    'ALTER TABLE products ALTER COLUMN name DROP NOT NULL',
    'CREATE TABLE reviews (id uuid PRIMARY KEY, body text NOT NULL)',
    'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID',
  ])('and this one is fine: %s', (statement) => {
    expect(hazardsOf(`${statement};`)).toEqual([]);
  });

  it('and what is no longer used may go, said in the first line', () => {
    expect(hazardsOf('-- contract: 1.3 stopped to read it\nALTER TABLE products DROP COLUMN name;')).toEqual([]);
  });

  const names = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  it('and none since the first release breaks the replicas of the one before', () => {
    const later = names.map(({ name }) => name).filter((name) => name > FIRST_RELEASE);
    const found = later.map((name) => [name, hazardsOf(readFileSync(new URL(`${name}/migration.sql`, FOLDER), 'utf8'))] as const);
    expect(found.filter(([, hazards]) => hazards.length > 0)).toEqual([]);
    expect(names.map(({ name }) => name)).toContain(FIRST_RELEASE);
  });
});
