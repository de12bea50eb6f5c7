import type { Sql } from '@tenfold/db';
import type { FastifyRequest } from 'fastify';
import { signedIn } from '../../plugins/identity.ts';

export interface AuditEntry {
  /** Who acted. */
  userId: string;
  /** What was done: `product.archived`. */
  action: string;
  /** To what: `product:<id>`. */
  subject: string;
  detail?: Record<string, unknown>;
  requestId: string;
  replica: string;
}

/** Who asks, by which request and through which replica. */
export type Actor = Pick<AuditEntry, 'userId' | 'requestId' | 'replica'>;

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

export function actorOf(request: FastifyRequest): Actor {
  return { userId: signedIn(request).sub, requestId: request.id, replica: request.server.replicaName };
}
