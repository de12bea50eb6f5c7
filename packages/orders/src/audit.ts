import { recordAudit, type Sql } from '@tenfold/db';

/** Who makes a change, and through which process. */
export interface Actor {
  /** Null where nobody asked for it: time passed, or a provider answered. */
  userId: string | null;
  requestId: string;
  /** The API replica or worker. */
  replica: string;
}

/**
 * Records a change of an order in the transaction that makes it. What nobody asked for is kept with the order's owner, as
 * done by the system: every record needs a user to be distributed by.
 */
export async function recordChange(
  tx: Sql,
  actor: Actor,
  { userId, orderId }: { userId: string; orderId: string },
  action: string,
  detail: object = {},
): Promise<void> {
  const by = actor.userId === null ? { by: 'system' } : {};
  await recordAudit(tx, {
    userId: actor.userId ?? userId,
    action,
    subject: `order:${orderId}`,
    detail: { ...detail, ...by },
    requestId: actor.requestId,
    replica: actor.replica,
  });
}
