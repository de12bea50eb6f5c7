import type { Redis } from 'ioredis';
import { withHeaders } from '../../plugins/problems.ts';
import { CartStorageFull, CartUnavailable } from './errors.ts';

/** Whose cart: an account's, or that of a guest with a token. */
export type CartOwner = { userId: string } | { guestId: string };

export interface CartLine {
  sku: string;
  quantity: number;
  /** When it was last changed or came in, in microseconds of redis-state's clock: the newest wins, and an order takes what it has seen. */
  stamp: number;
}

/** Different SKUs in a cart. */
export const MAX_LINES = 100;

/** Seconds after its last change for which a cart is kept: 30 days. */
const LIFETIME = 30 * 24 * 60 * 60;

/**
 * One hash a cart: SKU to `quantity:changed:added`, both in microseconds. Added stays when the quantity changes, so that a
 * line keeps its place.
 */
const PUT = `
  local old = redis.call('HGET', KEYS[1], ARGV[1])
  if not old and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
  local time = redis.call('TIME')
  local now = time[1] .. string.rep('0', 6 - #time[2]) .. time[2]
  local added = old and string.match(old, '%d+$') or now
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. now .. ':' .. added)
  redis.call('EXPIRE', KEYS[1], ARGV[4])
  return 1`;

/**
 * The guest's lines, newest first: a line that both have is the one that was changed last; what finds no room is dropped. What
 * comes in is as new as its coming: an order from before that has not taken it, however old it is.
 */
const MERGE = `
  local function changed(line) return tonumber(string.match(line, ':(%d+):')) end
  local guest = redis.call('HGETALL', KEYS[1])
  if #guest == 0 then return 0 end
  local lines = {}
  for i = 1, #guest, 2 do lines[#lines + 1] = { guest[i], guest[i + 1] } end
  table.sort(lines, function(a, b) return changed(a[2]) > changed(b[2]) end)
  local time = redis.call('TIME')
  local now = time[1] .. string.rep('0', 6 - #time[2]) .. time[2]
  local function arrived(line) return (string.gsub(line, ':%d+:', ':' .. now .. ':')) end
  local room = tonumber(ARGV[1]) - redis.call('HLEN', KEYS[2])
  for _, line in ipairs(lines) do
    local mine = redis.call('HGET', KEYS[2], line[1])
    if mine then
      if changed(mine) < changed(line[2]) then redis.call('HSET', KEYS[2], line[1], arrived(line[2])) end
    elseif room > 0 then
      redis.call('HSET', KEYS[2], line[1], arrived(line[2]))
      room = room - 1
    end
  end
  redis.call('EXPIRE', KEYS[2], ARGV[2])
  redis.call('DEL', KEYS[1])
  return 1`;

/** What an order has taken goes, also when the storage is full; what was changed after the order looked stays. */
const TAKE_OUT = `#!lua flags=allow-oom
  local cart = redis.call('HGETALL', KEYS[1])
  for i = 1, #cart, 2 do
    if tonumber(string.match(cart[i + 1], ':(%d+):')) <= tonumber(ARGV[1]) then redis.call('HDEL', KEYS[1], cart[i]) end
  end
  return 1`;

/**
 * Carts in redis-state, each change of one in one step.
 *
 * Every method @throws CartUnavailable, or CartStorageFull where it would add something.
 */
export function createCartStore(redis: Redis) {
  return {
    /** The lines in the order in which they were added. */
    read: (owner: CartOwner): Promise<CartLine[]> => attempt(async () => parse(await redis.hgetall(keyOf(owner)))),

    /** @returns whether there was room for it. */
    put: (owner: CartOwner, sku: string, quantity: number): Promise<boolean> =>
      attempt(async () => (await redis.eval(PUT, 1, keyOf(owner), sku, quantity, MAX_LINES, LIFETIME)) === 1),

    remove: (owner: CartOwner, sku: string): Promise<void> =>
      attempt(async () => {
        const key = keyOf(owner);
        await redis.multi().hdel(key, sku).expire(key, LIFETIME).exec();
      }),

    clear: (owner: CartOwner): Promise<void> => attempt(async () => void (await redis.del(keyOf(owner)))),

    /** Moves what a guest has put into their cart to that of an account. Twice is once: the guest's is gone then. */
    merge: (guestId: string, userId: string): Promise<void> =>
      attempt(async () => void (await redis.eval(MERGE, 2, keyOf({ guestId }), keyOf({ userId }), MAX_LINES, LIFETIME))),

    /** @param stamp of the newest line that was ordered. */
    takeOut: (owner: CartOwner, stamp: number): Promise<void> =>
      attempt(async () => void (await redis.eval(TAKE_OUT, 1, keyOf(owner), stamp))),
  };
}
export type CartStore = ReturnType<typeof createCartStore>;

function keyOf(owner: CartOwner): string {
  return 'userId' in owner ? `tenfold:cart:user:${owner.userId}` : `tenfold:cart:guest:${owner.guestId}`;
}

function parse(hash: Record<string, string>): CartLine[] {
  return Object.entries(hash)
    .map(([sku, line]) => {
      const [quantity = 0, stamp = 0, added = 0] = line.split(':').map(Number);
      return { sku, quantity, stamp, added };
    })
    .sort((a, b) => a.added - b.added)
    .map(({ sku, quantity, stamp }) => ({ sku, quantity, stamp }));
}

/** What a Redis says that can't work now: starting, a replica, its disk or memory full. Other replies are mistakes of ours. */
const NOT_NOW = /^(LOADING|READONLY|MISCONF|BUSY|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|TRYAGAIN)/;

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (message.startsWith('OOM')) throw withHeaders(new CartStorageFull(), { 'retry-after': '30' });
    if (error instanceof Error && error.name === 'ReplyError' && !NOT_NOW.test(message)) throw error;
    throw withHeaders(new CartUnavailable(), { 'retry-after': '1' });
  }
}
