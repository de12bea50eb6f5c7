import { describe, expect, it } from 'vitest';
import { fillIn } from './bootstrap.ts';
import { postgresqlConf, quote } from './settings.ts';

describe('postgresqlConf', () => {
  const server = { name: 'postgres-primary', port: 20_000, durable: true };

  it('keeps data durable except in tests, and listens on loopback alone', () => {
    const conf = postgresqlConf(server);
    expect(conf).toMatch(/^fsync = 'on'/m);
    expect(conf).toMatch(/^listen_addresses = '127\.0\.0\.1'/m);
    expect(postgresqlConf({ ...server, durable: false })).toMatch(/^fsync = 'off'/m);
  });

  it('adds what a replica alone has', () => {
    expect(postgresqlConf(server, { primary_slot_name: 'postgres_replica_1' })).toContain("primary_slot_name = 'postgres_replica_1'\n");
  });
});

it('quotes what would end a string', () => {
  expect(quote("/home/o'neill\\x")).toBe("'/home/o\\'neill\\\\x'");
});

describe('fillIn', () => {
  it("puts values in for psql's quoted placeholders, as literals", () => {
    expect(fillIn("PASSWORD :'a' x::text", { a: "it's" })).toBe("PASSWORD 'it''s' x::text");
  });

  it('refuses a placeholder without a value', () => {
    expect(() => fillIn("PASSWORD :'b'", { a: '1' })).toThrow('asks for b');
  });
});
