import type { Sql } from './sql.ts';

export interface AuditEntry {
  /** Who acted. */
  userId: string;
  /** What was done: `product.archived`. */
  action: string;
  /** To what: `product:<id>`. */
  subject: string;
  detail?: object;
  requestId: string;
  /** The process that did it. */
  replica: string;
}

/** Writes down who did what, in the transaction that does it: neither is there without the other. */
export async function recordAudit(tx: Sql, { userId, action, subject, detail = {}, requestId, replica }: AuditEntry): Promise<void> {
  await tx.query('INSERT INTO audit_records (user_id, action, subject, detail, request_id, replica) VALUES ($1, $2, $3, $4, $5, $6)', [
    userId,
    action,
    subject,
    JSON.stringify(detail),
    requestId,
    replica,
  ]);
}
