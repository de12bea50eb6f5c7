import { createHmac, createPrivateKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@tenfold/runtime';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AccessTokens, createAccessTokens, ExpiredToken, InvalidToken } from './access-tokens.ts';
import { type KeyRing, openKeyRing, rotateKeys } from './keys.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const claims = { sub: 'user-1', sid: 'session-1', role: 'customer' as const, ver: 1 };
let folder: string;
let keys: KeyRing;
let tokens: AccessTokens;
let privatePem: string;
let kid: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenfold-keys-'));
  kid = await rotateKeys(folder, 600_000);
  privatePem = await readFile(join(folder, `${kid}.pem`), 'utf8');
  keys = await openKeyRing(folder, logger);
  tokens = createAccessTokens({ keys, issuer: 'tenfold', audience: 'tenfold-api', lifetime: 600, cacheSize: 100 });
});
afterAll(async () => {
  keys.close();
  await rm(folder, { recursive: true });
});

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const payload = (changes: object = {}) => ({ ...claims, iss: 'tenfold', aud: 'tenfold-api', iat: now(), exp: now() + 600, ...changes });

/** A token signed with the right key, whatever it says. */
function signed(changes: object = {}, header: object = {}) {
  const text = `${part({ alg: 'EdDSA', typ: 'JWT', kid, ...header })}.${part(payload(changes))}`;
  return `${text}.${sign(null, Buffer.from(text), createPrivateKey(privatePem)).toString('base64url')}`;
}

describe('an access token', () => {
  it('says who asks, and can be checked by anyone with the published key', () => {
    const token = tokens.issue(claims);
    expect(tokens.verify(token)).toMatchObject(claims);
    const [jwk] = keys.publicKeys();
    if (!jwk) throw new Error('no public key');
    const [header = '', body = '', signature = ''] = token.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg: 'EdDSA', kid: jwk.kid });
    const publicKey = { key: { ...jwk }, format: 'jwk' } as const;
    expect(verify(null, Buffer.from(`${header}.${body}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  it('is taken when all of it is right, so that the refusals below are for what they name', () => {
    expect(tokens.verify(signed())).toMatchObject(claims);
  });

  it('is checked anew each time where none is remembered', () => {
    const forgetful = createAccessTokens({ keys, issuer: 'tenfold', audience: 'tenfold-api', lifetime: 600, cacheSize: 0 });
    const token = forgetful.issue(claims);
    expect([forgetful.verify(token), forgetful.verify(token)]).toEqual([expect.objectContaining(claims), expect.objectContaining(claims)]);
    expect(forgetful.verify(token)).not.toBe(forgetful.verify(token));
    expect(tokens.verify(token)).toBe(tokens.verify(token));
  });

  const other = generateKeyPairSync('ed25519').privateKey;
  const none = () => `${part({ alg: 'none', kid })}.${part(payload())}.`;
  const forged = () => {
    const text = `${part({ alg: 'EdDSA', kid })}.${part(payload({ role: 'admin' }))}`;
    return `${text}.${sign(null, Buffer.from(text), other).toString('base64url')}`;
  };
  const hmacWithPublicKey = () => {
    const text = `${part({ alg: 'HS256', kid })}.${part(payload())}`;
    const key = keys.find(kid)?.publicPem ?? '';
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
  };
  const changed = () => {
    const [header, , signature] = tokens.issue(claims).split('.');
    return `${header}.${part(payload({ role: 'admin' }))}.${signature}`;
  };
  it.each<[string, () => string]>([
    ['without a signature', none],
    ['signed with another key', forged],
    ['an HMAC with the public key', hmacWithPublicKey],
    ['changed after it was signed', changed],
    ['of another issuer', () => signed({ iss: 'elsewhere' })],
    ['for another audience', () => signed({ aud: 'elsewhere' })],
    ['of an unknown key', () => signed({}, { kid: 'k0000000000000-00000000' })],
    ['with a path for a key', () => signed({}, { kid: '../../etc/passwd' })],
    ['without a role', () => signed({ role: undefined })],
    ['with a role that there is not', () => signed({ role: 'root' })],
    ['without an expiry', () => signed({ exp: undefined })],
    ['of 2 KiB', () => signed({ padding: 'x'.repeat(2048) })],
    ['of three dots', () => '...'],
    ['of nothing', () => ''],
  ])('is refused %s', (_what, make) => {
    expect(() => tokens.verify(make())).toThrow(InvalidToken);
  });

  it('is refused once it has expired, at first sight and when it is known', async () => {
    expect(() => tokens.verify(signed({ exp: now() - 1 }))).toThrow(ExpiredToken);
    const short = signed({ exp: now() + 1 });
    tokens.verify(short);
    await vi.waitFor(() => expect(() => tokens.verify(short)).toThrow(ExpiredToken), { timeout: 3000 });
  });
});

describe('rotating keys', () => {
  it('publishes the new key before it is used, and goes on taking tokens of the old one', async () => {
    const before = tokens.issue(claims);
    const added = await rotateKeys(folder, 600_000);
    expect(tokens.issue(claims).split('.')[0]).toBe(before.split('.')[0]);
    await expect.poll(() => keys.publicKeys().map((key) => key.kid), { timeout: 3000 }).toEqual([kid, added]);
    const header = () => JSON.parse(Buffer.from(tokens.issue(claims).split('.')[0] ?? '', 'base64url').toString());
    await expect.poll(() => header().kid, { timeout: 5000 }).toBe(added);
    expect(tokens.verify(before)).toMatchObject(claims);
  });

  it('refuses what a key that was taken away has signed, though it was checked before', async () => {
    const leaked = signed();
    expect(tokens.verify(leaked)).toMatchObject(claims);
    await rm(join(folder, `${kid}.pem`));
    await vi.waitFor(() => expect(() => tokens.verify(leaked)).toThrow(InvalidToken), { timeout: 3000 });
    expect(tokens.verify(tokens.issue(claims))).toMatchObject(claims);
  });
});
