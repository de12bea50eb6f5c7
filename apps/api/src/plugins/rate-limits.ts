import createError from '@fastify/error';
import rateLimit, { type FastifyRateLimitStore, normalizeIP } from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { RateLimitStore } from '../rate-limit-store.ts';
import { withHeaders } from './problems.ts';

const TooManyRequests = createError('RATE_LIMITED', 'Too many requests: try again in %d seconds', 429);

/** Requests in a window; a window is in seconds. */
interface Limits {
  window: number;
  signInsPerIp: number;
  signInsPerAccount: number;
  writesPerMinute: number;
  guestCartsPerIp: number;
}

interface AccountAttempt {
  /** It wasn't a guess: a right password costs its owner nothing. */
  succeeded(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyInstance {
    rateLimits: {
      /** Counts a try at an account, whoever tries. @throws 429 past the limit. */
      account(request: FastifyRequest, reply: FastifyReply, account: string): Promise<AccountAttempt>;
      /** Counts a cart that somebody unknown begins, by the client's address. @throws 429 past the limit. */
      guestCart(request: FastifyRequest, reply: FastifyReply): Promise<void>;
    };
  }
  interface FastifyContextConfig {
    /** Counts every request to the route by the client's address. */
    signIn?: boolean;
  }
  interface FastifyRequest {
    /** What the account limit counts by. */
    limitedAccount: string;
  }
}

/** Staff work in bulk. */
const STAFF_FACTOR = 10;

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Guards what is dear or can be guessed: sign-ins by address and by account, writes by user, carts of guests. What anyone may read is limited at the edge. */
export const rateLimitsPlugin = fp<{ store: RateLimitStore; limits: Limits }>(
  async (app, { store, limits }) => {
    await app.register(rateLimit, { global: false, store: storeClass(store) });
    app.decorateRequest('limitedAccount', '');

    const timeWindow = limits.window * 1000;
    const byAddress = app.createRateLimit({ max: limits.signInsPerIp, timeWindow });
    const byAccount = app.createRateLimit({
      max: limits.signInsPerAccount,
      timeWindow,
      keyGenerator: ({ limitedAccount }) => `account:${limitedAccount}`,
    });
    const byUser = app.createRateLimit({
      max: ({ principal }) => limits.writesPerMinute * (principal?.role === 'customer' ? 1 : STAFF_FACTOR),
      timeWindow: 60_000,
      keyGenerator: ({ principal }) => `user:${principal?.sub}`,
    });
    const newGuests = app.createRateLimit({
      max: limits.guestCartsPerIp,
      timeWindow,
      // As byAddress counts, which has no generator of its own: a home has a whole /64 of IPv6 addresses.
      keyGenerator: ({ ip }) => `guest:${normalizeIP(ip)}`,
    });

    type Check = typeof byAddress;
    const enforce = async (check: Check, request: FastifyRequest, reply: FastifyReply) => {
      const result = await check(request);
      if (result.isAllowed) return result.key;
      const { max, remaining, ttlInSeconds, isExceeded, key } = result;
      void reply.headers({ 'ratelimit-limit': max, 'ratelimit-remaining': remaining, 'ratelimit-reset': ttlInSeconds });
      if (isExceeded) throw withHeaders(new TooManyRequests(ttlInSeconds), { 'retry-after': String(Math.max(1, ttlInSeconds)) });
      return key;
    };

    app.addHook('onRequest', (request, reply, done) => {
      const write = request.principal && !SAFE.has(request.method);
      const check = request.routeOptions.config.signIn ? byAddress : write ? byUser : undefined;
      if (!check) return done(); // no promise on the way of a read
      enforce(check, request, reply).then(() => done(), done);
    });

    app.decorate('rateLimits', {
      async account(request, reply, account) {
        request.limitedAccount = account;
        const key = await enforce(byAccount, request, reply);
        return { succeeded: () => store.giveBack(key) };
      },
      async guestCart(request, reply) {
        await enforce(newGuests, request, reply);
      },
    });
  },
  { name: 'rate-limits', dependencies: ['identity'] },
);

/** @fastify/rate-limit makes its store itself, and speaks in callbacks. */
function storeClass(store: RateLimitStore) {
  return class implements FastifyRateLimitStore {
    incr(key: string, callback: Parameters<FastifyRateLimitStore['incr']>[1], window: number) {
      store.add(key, window).then(
        (count) => callback(null, count),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      );
    }
    child() {
      return this;
    }
  };
}
