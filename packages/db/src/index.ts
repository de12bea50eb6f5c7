export { type AuditEntry, recordAudit } from './audit.ts';
export { type ConsistencyTokens, createConsistencyTokens } from './consistency-token.ts';
export { createDb, type Db, type DbOptions } from './create-db.ts';
export { DatabaseUnavailable, PoolExhausted } from './errors.ts';
export type { PoolOptions } from './pool.ts';
export type { Committed, Primary } from './primary.ts';
export type { Reader, ReadNode, Snapshot } from './reader.ts';
export type { Sql } from './sql.ts';
