import { randomBytes } from 'node:crypto';

/** Everything that was made up once for a Compose project. */
export interface Master {
  postgresSuperuser: string;
  postgresOwner: string;
  postgresApi: string;
  postgresReplication: string;
  redisCache: string;
  redisState: string;
  signing: string;
  paymentWebhook: string;
  adminPassword: string;
  staffPassword: string;
}

/**
 * What was kept, with a new value for each name that it lacks: all of them at first, later those that a new version added.
 *
 * @param kept the content of the file. @throws when that isn't what was written there.
 */
export function completeMaster(kept = '{}'): Master {
  const values: unknown = JSON.parse(kept);
  if (typeof values !== 'object' || values === null) throw new Error('secrets.json is damaged: it holds no object');
  const value = (name: keyof Master): string => {
    const found: unknown = Reflect.get(values, name);
    return typeof found === 'string' && found.length > 0 ? found : makeSecret();
  };
  return {
    postgresSuperuser: value('postgresSuperuser'),
    postgresOwner: value('postgresOwner'),
    postgresApi: value('postgresApi'),
    postgresReplication: value('postgresReplication'),
    redisCache: value('redisCache'),
    redisState: value('redisState'),
    signing: value('signing'),
    paymentWebhook: value('paymentWebhook'),
    adminPassword: value('adminPassword'),
    staffPassword: value('staffPassword'),
  };
}

/** 256 bits, in characters that need no quoting in a URL or a file. */
function makeSecret(): string {
  return randomBytes(32).toString('base64url');
}
