import { describe, expect, it } from 'vitest';
import { filesOf } from './files.ts';
import { completeMaster } from './master.ts';

describe('completeMaster', () => {
  it('makes every secret up, each one another', () => {
    const values = Object.values(completeMaster());
    expect(values.every((value) => /^[\w-]{43}$/.test(value))).toBe(true);
    expect(new Set([...values, ...Object.values(completeMaster())]).size).toBe(values.length * 2);
  });

  it('keeps what there is, and adds what a later version needs', () => {
    const kept = completeMaster();
    expect(completeMaster(JSON.stringify(kept))).toEqual(kept);
    const { signing: _, ...earlier } = kept;
    expect(completeMaster(JSON.stringify(earlier))).toEqual({ ...kept, signing: expect.not.stringMatching(kept.signing) });
  });

  it('refuses a damaged file, rather than lock everybody out of the data', () => {
    expect(() => completeMaster('{')).toThrow(SyntaxError);
    expect(() => completeMaster('null')).toThrow('damaged');
  });
});

describe('filesOf', () => {
  it('gives no service what is not its own', () => {
    const master = completeMaster();
    const files = Object.entries(filesOf(master));
    const holders = (secret: string) => [...new Set(files.filter(([, text]) => text.includes(secret)).map(([path]) => path.split('/')[0]))];
    expect(holders(master.postgresSuperuser)).toEqual(['postgres']);
    expect(holders(master.postgresOwner)).toEqual(['postgres', 'owner']);
    expect(holders(master.postgresApi)).toEqual(['postgres', 'api', 'worker']);
    expect(holders(master.postgresReplication)).toEqual(['replication']);
    expect(holders(master.redisState)).toEqual(['redis-state', 'api', 'worker']);
    expect(holders(master.adminPassword)).toEqual(['accounts']);
    expect(holders(master.signing)).toEqual(['api', 'worker']);
    expect(holders(master.paymentWebhook)).toEqual(['api', 'payments']);
  });
});
