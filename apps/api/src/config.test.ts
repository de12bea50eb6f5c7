import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const GOOD = {
  DATABASE_URL: 'postgresql://tenfold_api:secret@127.0.0.1:5432/tenfold',
  REDIS_CACHE_URL: 'redis://:secret@127.0.0.1:6379',
  REDIS_STATE_URL: 'redis://:secret@127.0.0.1:6380',
  SIGNING_SECRET: 'kV3tq0ZyR8mXw5uPbN1sJfLdG7hCaE2o',
  JWT_KEYS_DIR: '/run/keys',
};

describe('readConfig', () => {
  it('needs nothing but the addresses and the secrets', () => {
    expect(readConfig(GOOD)).toMatchObject({ PORT: 3000, NODE_ENV: 'production', API_MAX_REPLICAS: 12 });
  });

  it('names every wrong variable at once, and shows no secret', () => {
    const wrong = {
      ...GOOD,
      PORT: '99999',
      SIGNING_SECRET: 'too short',
      DATABASE_URL: 'mysql://root:hunter2@db',
      CORS_ORIGINS: 'shop.example',
    };
    expect(() => readConfig(wrong)).toThrow(/(?=.*PORT)(?=.*SIGNING_SECRET)(?=.*DATABASE_URL)(?=.*CORS_ORIGINS)/);
    expect(() => readConfig(wrong)).not.toThrow(/hunter2|too short/);
  });

  it.each(['x'.repeat(32), '1234567890'.repeat(4), 'please-change-me-before-production-9481'])(
    'refuses a secret that can be guessed, in production: %s',
    (SIGNING_SECRET) => {
      expect(() => readConfig({ ...GOOD, SIGNING_SECRET })).toThrow('SIGNING_SECRET can be guessed');
      expect(readConfig({ ...GOOD, SIGNING_SECRET, NODE_ENV: 'test' })).toMatchObject({ SIGNING_SECRET });
    },
  );

  it('slows nothing down on purpose in production', () => {
    expect(() => readConfig({ ...GOOD, EXPERIMENTS: 'true' })).toThrow('EXPERIMENTS must not be set in production');
    expect(readConfig({ ...GOOD, EXPERIMENTS: 'true', NODE_ENV: 'development' })).toMatchObject({ EXPERIMENTS: true });
  });
});
