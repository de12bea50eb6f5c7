import { PrismaPg } from '@prisma/adapter-pg';
import { type SqlDriverAdapter, type SqlQuery, type SqlResultSet, ColumnTypeEnum } from '@prisma/driver-adapter-utils';

/** Postgres's one-byte `"char"`, in which its catalogue keeps flags, and `text`. */
const CHAR_OID = 18;
const TEXT_OID = 25;

interface RawResult {
  fields: { dataTypeID: number }[];
}

/** Methods that the adapter has and its types hide. */
interface Internals {
  performIO: (this: Internals, query: SqlQuery) => Promise<RawResult>;
  queryRaw: (this: Internals, query: SqlQuery) => Promise<SqlResultSet>;
}

/** adapter-pg with three faults of 7.10.0 mended, all of them in what only migrations do. */
export class MigrationAdapter extends PrismaPg {
  override async connect() {
    const adapter = await super.connect();
    return mend(adapter);
  }

  /** It drops the shadow database before it closes its own pool on it, which Postgres refuses: close first. */
  override async connectToShadowDb() {
    const shadow = mend(await super.connectToShadowDb());
    const drop = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await shadow.underlyingDriver().end();
      await drop().catch((error: unknown) => {
        if (!(error instanceof Error && /end on pool more than once/.test(error.message))) throw error;
      });
    };
    return shadow;
  }
}

function mend<Adapter extends Awaited<ReturnType<PrismaPg['connect']>>>(adapter: Adapter): Adapter {
  readCatalogueChar(adapter);
  // It splits a script at every semicolon, those in comments, strings and function bodies too: Postgres takes it whole.
  adapter.executeScript = async (script) => {
    await adapter.underlyingDriver().query(script);
  };
  return adapter;
}

/** It has no type for `"char"`, which introspection reads: have it parsed as text and reported as Character. */
function readCatalogueChar(adapter: SqlDriverAdapter) {
  const prototype: unknown = Object.getPrototypeOf(Object.getPrototypeOf(adapter));
  if (!hasInternals(prototype) || 'charColumns' in prototype) return;
  const columns = new WeakMap<object, number[]>();
  const { performIO, queryRaw } = prototype;
  Object.defineProperty(prototype, 'charColumns', { value: columns });
  prototype.performIO = async function (query) {
    const result = await performIO.call(this, query);
    const found = result.fields.flatMap(({ dataTypeID }, index) => (dataTypeID === CHAR_OID ? [index] : []));
    for (const index of found) Object.assign(result.fields[index] ?? {}, { dataTypeID: TEXT_OID });
    columns.set(query, found);
    return result;
  };
  prototype.queryRaw = async function (query) {
    const result = await queryRaw.call(this, query);
    for (const index of columns.get(query) ?? []) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
}

function hasInternals(value: unknown): value is Internals {
  return typeof value === 'object' && value !== null && 'performIO' in value && 'queryRaw' in value;
}
