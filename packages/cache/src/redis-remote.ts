import { setImmediate as nextPoll } from 'node:timers/promises';
import { parsePosition, type Logger, type Position } from '@tenfold/runtime';
import type { Redis } from 'ioredis';
import { decode, encode, type Stored } from './entry.ts';
import type { Listener, Remote } from './remote.ts';

const CHANNEL = 'tenfold:invalidated';

/** How often (milliseconds) a server that was lost is asked whether it is back. */
const PROBE_INTERVAL = 500;

/** As `covers` of @tenfold/runtime: both the timeline and the LSN at or past the other's. */
const COVERS = `
  local function covers(a, b)
    return string.sub(a, 1, 8) >= string.sub(b, 1, 8) and string.sub(a, 9, 24) >= string.sub(b, 9, 24)
  end`;

const WRITE = `${COVERS}
  local current = redis.call('GETRANGE', KEYS[1], 0, 23)
  if current ~= '' and not covers(string.sub(ARGV[1], 1, 24), current) then return 0 end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1`;

const INVALIDATE = `${COVERS}
  for _, key in ipairs(KEYS) do
    local current = redis.call('GETRANGE', key, 0, 23)
    if current == '' or not covers(current, ARGV[1]) then redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
  end
  redis.call('PUBLISH', '${CHANNEL}', ARGV[3])
  return 1`;

/**
 * @param redis a client with `enableOfflineQueue: false` and a `commandTimeout`: that time-out is what losing Redis costs, once.
 * @param prefix of every key, so that two applications may share a server.
 */
export function createRedisRemote(redis: Redis, prefix: string, logger: Logger): Remote {
  const listeners: Listener[] = [];
  const subscriber = redis.duplicate({ autoResubscribe: false });
  let subscribed = false;
  let available = false;

  const lost = (error: unknown) => {
    if (!available) return;
    available = false;
    logger.warn({ err: error }, 'redis-cache is lost: reading past it');
  };
  const returned = () => {
    if (available) return;
    available = true;
    logger.info('redis-cache is back');
    for (const listener of listeners) listener.returned();
  };
  const attempt = async <T>(command: () => Promise<T>): Promise<T | undefined> => {
    if (!available) return undefined;
    try {
      return await command();
    } catch (error) {
      lost(error);
      return undefined;
    }
  };

  const probe = setInterval(() => {
    // Only with the subscription do we hear of invalidations: without it the tier isn't back.
    if (!available && subscribed) redis.ping().then(returned, () => undefined);
  }, PROBE_INTERVAL);
  redis.on('close', () => lost(new Error('the connection closed')));
  redis.on('error', lost);
  subscriber.on('close', () => {
    subscribed = false;
    lost(new Error('the subscription closed'));
  });
  subscriber.on('error', lost);
  subscriber.on('ready', () => {
    subscriber.subscribe(CHANNEL).then(
      () => {
        subscribed = true;
      },
      () => subscriber.disconnect(true), // and try again on a new connection
    );
  });
  subscriber.on('message', (_channel: string, message: string) => {
    const announcement = parseAnnouncement(message);
    if (!announcement) return logger.warn({ message: message.slice(0, 200) }, 'not an announcement of invalidated keys');
    for (const listener of listeners) listener.invalidated(announcement.keys, announcement.position);
  });

  return {
    name: 'redis',
    get available() {
      return available;
    },
    async read(keys) {
      const raw = await attempt(() => inTime(redis, redis.mget(keys.map((key) => prefix + key))));
      return raw?.map(parse) ?? [];
    },
    async write(key, entry) {
      const lifetime = Math.max(entry.staleUntil - Date.now(), 1);
      await attempt(() => inTime(redis, redis.eval(WRITE, 1, prefix + key, encode(entry), lifetime)));
    },
    async invalidate(keys, position, lifetime) {
      const announcement = JSON.stringify({ keys, position });
      const names = keys.map((key) => prefix + key);
      return (await attempt(() => redis.eval(INVALIDATE, names.length, ...names, position, lifetime, announcement))) !== undefined;
    },
    listen: (listener) => void listeners.push(listener),
    async close() {
      clearInterval(probe);
      subscriber.disconnect();
    },
  };
}

/**
 * The reply, or undefined when it came too late by our own fault: a process with more to do than it can fires the time-out
 * before it reads the answer that has long been there. To take that for a lost Redis would have it distrust all that it
 * keeps, load it again, and have more to do still.
 */
async function inTime<T>(redis: Redis, reply: Promise<T>): Promise<T | undefined> {
  const received = () => redis.stream?.bytesRead ?? 0;
  const before = received();
  return reply.catch(async (error: unknown) => {
    await nextPoll();
    if (received() > before) return undefined;
    throw error;
  });
}

/** Another version of this program may have written there: what can't be read is a miss. */
function parse(raw: string | null): Stored | undefined {
  if (raw === null) return undefined;
  try {
    return decode(raw);
  } catch {
    return undefined;
  }
}

function parseAnnouncement(message: string): { keys: string[]; position: Position } | undefined {
  try {
    const { keys, position } = JSON.parse(message);
    return { keys: Array.from(keys, String), position: parsePosition(String(position)) };
  } catch {
    return undefined;
  }
}
