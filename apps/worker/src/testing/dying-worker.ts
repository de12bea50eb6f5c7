import type { Db, Sql } from '@tenfold/db';
import type { PaymentProvider, PaymentRequest, ProviderPayment } from '@tenfold/payments';
import { createLogger, createMetrics } from '@tenfold/runtime';
import { readConfig } from '../config.ts';
import { openDeps } from '../deps.ts';
import type { Mailer } from '../mail/mailer.ts';
import { startWorker } from '../worker.ts';

/**
 * A worker that is killed at one point of its work: `node dying-worker.ts POINT`, such as `before charge` (or `cancel`,
 * `refund`, `send`: what it asks of others) or `after commit of charge` (an effect, or `expiry`).
 */
const [point = ''] = process.argv.slice(2);

function passing(here: string): void {
  if (here === point) process.kill(process.pid, 'SIGKILL');
}

function dyingProvider(provider: PaymentProvider): PaymentProvider {
  const around =
    (name: 'charge' | 'cancel' | 'refund') =>
    async (request: PaymentRequest, signal?: AbortSignal): Promise<ProviderPayment> => {
      passing(`before ${name}`);
      const payment = await provider[name](request, signal);
      passing(`after ${name}`);
      return payment;
    };
  return { ...provider, charge: around('charge'), cancel: around('cancel'), refund: around('refund') };
}

function dyingMailer(mailer: Mailer): Mailer {
  return {
    ...mailer,
    async send(mail) {
      passing('before send');
      await mailer.send(mail);
      passing('after send');
    },
  };
}

function dyingDb(db: Db): Db {
  return {
    ...db,
    primary: {
      get prisma() {
        return db.primary.prisma;
      },
      query: (text, values) => db.primary.query(text, values),
      async transaction(work) {
        let what = 'something';
        const watched = (tx: Sql): Sql => ({
          query(text, values) {
            if (text.includes('array_remove(pending')) what = String(values?.[2]);
            if (text.includes("SET state = 'expired'")) what = 'expiry';
            return tx.query(text, values);
          },
        });
        const committed = await db.primary.transaction(async (tx) => {
          const value = await work(watched(tx));
          passing(`before commit of ${what}`);
          return value;
        });
        passing(`after commit of ${what}`);
        return committed;
      },
    },
  };
}

const config = readConfig();
const deps = openDeps(config, createLogger({ name: 'dying worker', level: 'warn' }), createMetrics({}));
await deps.db.connect(60_000);
startWorker({ ...deps, db: dyingDb(deps.db), provider: dyingProvider(deps.provider), mailer: dyingMailer(deps.mailer) }, config);
// Whoever asked for it waits for its death.
setTimeout(() => process.exit(1), 60_000);
