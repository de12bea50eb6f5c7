import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@tenfold/runtime';

/** One signing key. Its id begins with the time it was made, so that ids sort by age. */
export interface SigningKey {
  kid: string;
  /** PKCS #8, PEM. */
  privatePem: string;
  /** SPKI, PEM. */
  publicPem: string;
}

/** RFC 7517, RFC 8037. */
export interface PublicJwk {
  kty: 'OKP';
  crv: 'Ed25519';
  x: string;
  kid: string;
  use: 'sig';
  alg: 'EdDSA';
}

/** The keys of all replicas, in a folder that they share and read again every second: `<kid>.pem`. */
export interface KeyRing {
  /** The key to sign with: the newest that every replica has had the time to see. */
  signing(): SigningKey;
  find(kid: string): SigningKey | undefined;
  publicKeys(): PublicJwk[];
  close(): void;
}

const KID = /^k(\d{13})-[0-9a-f]{8}$/;

/** Milliseconds between two looks into the folder. */
const REREAD = 1000;

/** A new key is used (milliseconds) after this, when the slowest replica has read it. */
const ACTIVATION = 3 * REREAD;

/** @throws when the folder has no key that can be read. */
export async function openKeyRing(folder: string, logger: Logger): Promise<KeyRing> {
  let keys = await readKeys(folder, []);
  if (keys.length === 0) throw new Error(`there is no signing key in ${folder}: make one with \`npm run cluster -- rotate-keys\``);
  const timer = setInterval(() => {
    readKeys(folder, keys).then(
      (read) => {
        if (read.length > 0) keys = read;
      },
      (error: unknown) => logger.error({ err: error }, 'the signing keys could not be read again'),
    );
  }, REREAD).unref();

  return {
    signing() {
      const seenByAll = keys.filter(({ kid }) => madeAt(kid) <= Date.now() - ACTIVATION);
      const [only] = keys;
      const key = seenByAll.at(-1) ?? only;
      if (!key) throw new Error('there is no signing key');
      return key;
    },
    find: (kid) => keys.find((key) => key.kid === kid),
    publicKeys: () => keys.map(toJwk),
    close: () => clearInterval(timer),
  };
}

/**
 * Adds a key to the folder, and removes those that no token in use was signed with.
 *
 * @param tokenLifetime milliseconds.
 * @returns the new key's id.
 */
export async function rotateKeys(folder: string, tokenLifetime: number): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kid = `k${String(Date.now()).padStart(13, '0')}-${randomBytes(4).toString('hex')}`;
  const { privateKey } = generateKeyPairSync('ed25519');
  const temporary = join(folder, `.${kid}.tmp`);
  await writeFile(temporary, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await rename(temporary, join(folder, `${kid}.pem`)); // never half a key under its name

  const kids = await listKids(folder);
  for (const [index, old] of kids.entries()) {
    const successor = kids[index + 1];
    const lastUsed = successor ? madeAt(successor) + ACTIVATION : Infinity;
    if (lastUsed + 2 * tokenLifetime < Date.now()) await rm(join(folder, `${old}.pem`));
  }
  return kid;
}

async function readKeys(folder: string, known: readonly SigningKey[]): Promise<SigningKey[]> {
  const kids = await listKids(folder);
  return Promise.all(
    kids.map(async (kid) => {
      const have = known.find((key) => key.kid === kid);
      if (have) return have;
      const privatePem = await readFile(join(folder, `${kid}.pem`), 'utf8');
      const publicPem = String(createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }));
      return { kid, privatePem, publicPem };
    }),
  );
}

/** Oldest first. */
async function listKids(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  return files
    .filter((file) => file.endsWith('.pem'))
    .map((file) => file.slice(0, -'.pem'.length))
    .filter((kid) => KID.test(kid))
    .sort();
}

function madeAt(kid: string): number {
  return Number(KID.exec(kid)?.[1] ?? 0);
}

function toJwk({ kid, publicPem }: SigningKey): PublicJwk {
  const { x = '' } = createPublicKey(publicPem).export({ format: 'jwk' });
  return { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' };
}
