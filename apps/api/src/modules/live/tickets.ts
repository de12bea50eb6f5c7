import { createHash, randomBytes } from 'node:crypto';
import { type AccessClaims, ROLES } from '@tenfold/auth';
import type { Redis } from 'ioredis';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

/** Seconds: the time between asking for a ticket and showing it. */
export const TICKET_LIFETIME = 30;

const Claims = Type.Object({
  sub: Type.String(),
  sid: Type.String(),
  role: Type.Enum([...ROLES]),
  ver: Type.Integer(),
  exp: Type.Number(),
});

/**
 * What stands for an access token where headers can't be set: a URL is logged and shared, so what is in it must be worth nothing
 * afterwards. Whichever replica is shown a ticket takes it, once; redis-state has its hash alone.
 */
export function createTickets(redis: Redis) {
  return {
    async issue(claims: AccessClaims): Promise<string> {
      const ticket = randomBytes(32).toString('base64url');
      await redis.set(keyOf(ticket), JSON.stringify(claims), 'EX', TICKET_LIFETIME);
      return ticket;
    },
    /** @returns whose it is, or undefined when it is none (any more). */
    async redeem(ticket: string): Promise<AccessClaims | undefined> {
      const claims: unknown = JSON.parse((await redis.getdel(keyOf(ticket))) ?? 'null');
      return Value.Check(Claims, claims) ? claims : undefined;
    },
  };
}
export type Tickets = ReturnType<typeof createTickets>;

function keyOf(ticket: string): string {
  return `tenfold:live:ticket:${createHash('sha256').update(ticket).digest('base64url')}`;
}
