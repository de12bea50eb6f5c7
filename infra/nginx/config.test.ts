import { describe, expect, it } from 'vitest';
import { edgeSettings } from './config.ts';

describe('edgeSettings', () => {
  it('leaves what is not set, or set to nothing, to the defaults', () => {
    expect(edgeSettings({ EDGE_RATE: '', EDGE_WORKERS: 'auto', OTHER: 'x' })).toEqual({});
  });

  it('reads every variable', () => {
    const env = {
      EDGE_LIMIT_EXEMPT: '10.0.0.0/8, ::1',
      EDGE_RATE: '5',
      EDGE_BURST: '6',
      EDGE_CONNECTIONS: '7',
      EDGE_MAX_CONNS_BROWSE: '8',
      EDGE_MAX_CONNS_CHECKOUT: '9',
      EDGE_MAX_CONNS_SIGNIN: '10',
      EDGE_MAX_CONNS_LIVE: '11',
      EDGE_CLIENT_TIMEOUT: ' 12 ',
      EDGE_WORKERS: '2',
      EDGE_BALANCE: ' weighted ',
      EDGE_WEIGHTS: '2, 1',
    };
    expect(edgeSettings(env)).toEqual({
      limitExempt: ['10.0.0.0/8', '::1'],
      rate: 5,
      burst: 6,
      connections: 7,
      maxConnsBrowse: 8,
      maxConnsCheckout: 9,
      maxConnsSignin: 10,
      maxConnsLive: 11,
      clientTimeout: 12,
      workers: 2,
      balance: 'weighted',
      weights: [2, 1],
    });
  });

  it('exempts nobody when the list is empty', () => {
    expect(edgeSettings({ EDGE_LIMIT_EXEMPT: '' })).toEqual({ limitExempt: [] });
  });

  it.each([
    [{ EDGE_BALANCE: 'toString' }, 'EDGE_BALANCE must be one of round_robin, weighted, least_conn, ip_hash, random_two, least_time'],
    [{ EDGE_BALANCE: 'weighted' }, 'EDGE_BALANCE=weighted needs EDGE_WEIGHTS'],
    [{ EDGE_WEIGHTS: '2,x' }, 'EDGE_WEIGHTS must be a whole number from 1 to 100, got NaN.'],
  ])('refuses %j', (env, sentence) => {
    expect(() => edgeSettings(env)).toThrow(sentence);
  });

  it('names every wrong variable at once', () => {
    const env = { EDGE_LIMIT_EXEMPT: 'everybody', EDGE_RATE: '-1', EDGE_BURST: '200', EDGE_MAX_CONNS_BROWSE: '64k' };
    expect(() => edgeSettings(env)).toThrow(/EDGE_LIMIT_EXEMPT: "everybody".*EDGE_RATE must.*EDGE_MAX_CONNS_BROWSE must/);
    expect(() => edgeSettings(env)).not.toThrow(/EDGE_BURST/);
  });
});
