import { afterEach, describe } from 'vitest';
import { type Subject, untilWhole } from '../subject.ts';
import { describeCart } from './cart.ts';
import { describeCatalogue } from './catalogue.ts';
import { describeIdentity } from './identity.ts';
import { describeLive } from './live.ts';
import { describeOrders } from './orders.ts';
import { describePolicies } from './policies.ts';
import { describeProblems } from './problems.ts';
import { describeReplicas } from './replicas.ts';

/**
 * What clients of a cluster can rely on, whatever runs it: the same tests for processes, for containers, and for those with
 * TLS. They go through the edge alone, as a client would.
 *
 * @param subject called in tests, not before.
 */
export function describeClients(subject: () => Subject): void {
  describe('to its clients', () => {
    afterEach(() => untilWhole(subject()));
    describeCatalogue(subject);
    describeIdentity(subject);
    describePolicies(subject);
    describeCart(subject);
    describeOrders(subject);
    describeProblems(subject);
    describeLive(subject);
    describeReplicas(subject);
  });
}
