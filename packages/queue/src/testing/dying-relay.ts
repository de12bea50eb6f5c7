import { openDb, openState, startTestRelay } from './harness.ts';

/** A relay that is killed when it has published a batch and is about to mark it: `node dying-relay.ts DATABASE_URL REDIS_URL`. */
const [databaseUrl = '', redisUrl = ''] = process.argv.slice(2);
const db = await openDb(databaseUrl);
startTestRelay(db, openState(redisUrl), {
  sql: {
    async query(text, values) {
      if (text.includes('SET published_at = clock_timestamp()')) process.kill(process.pid, 'SIGKILL');
      return db.primary.query(text, values);
    },
  },
});
