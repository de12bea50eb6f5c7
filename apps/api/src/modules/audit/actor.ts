import type { AuditEntry } from '@tenfold/db';
import type { FastifyRequest } from 'fastify';
import { signedIn } from '../../plugins/identity.ts';

/** Who asks, by which request and through which replica. */
export type Actor = Pick<AuditEntry, 'userId' | 'requestId' | 'replica'>;

export function actorOf(request: FastifyRequest): Actor {
  return { userId: signedIn(request).sub, requestId: request.id, replica: request.server.replicaName };
}
