import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const GOOD = {
  DATABASE_URL: 'postgresql://api@db/tenfold',
  REDIS_STATE_URL: 'redis://state',
  SIGNING_SECRET: 'a secret of more than thirty-two characters',
  MAIL_DIR: '/tmp/mail',
};

describe('the configuration of a worker', () => {
  it('needs little', () => {
    expect(readConfig(GOOD)).toMatchObject({ PAYMENT_PROVIDER: 'sandbox', PORT: 3100, METRICS_PORT: 9465 });
  });

  it.each([
    ['no mail', { MAIL_DIR: '' }, 'SMTP_URL is missing (or MAIL_DIR, to write mails to a folder)'],
    ['mail by two ways', { SMTP_URL: 'smtp://mail' }, 'MAIL_DIR and SMTP_URL exclude each other'],
    ['Stripe without a key', { PAYMENT_PROVIDER: 'stripe' }, 'STRIPE_SECRET_KEY is missing'],
    [
      'more connections than its share',
      { WORKER_MAX_REPLICAS: '3' },
      'WORKER_CONNECTIONS 10 is less than WORKER_MAX_REPLICAS 3 x (DB_POOL_SIZE 4 + 1)',
    ],
    ['a provider that nobody knows', { PAYMENT_PROVIDER: 'bank' }, 'PAYMENT_PROVIDER'],
  ])('refuses %s, and says so', (_what, change, sentence) => {
    expect(() => readConfig({ ...GOOD, ...change })).toThrow(sentence);
  });
});
