import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { ClusterError, type Place } from '@tenfold/cluster';
import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { writePrivateFile } from '../files/own.ts';
import { makeStoreSecrets } from '../stores.ts';

const password = Type.String({ minLength: 16 });

const Secrets = Type.Object({
  postgres: Type.Object({ superuser: password, owner: password, api: password, replication: password }),
  redis: Type.Object({ cache: password, state: password }),
  /** Signs cursors and consistency tokens. */
  signing: Type.String({ minLength: 32 }),
});
export type Secrets = Static<typeof Secrets>;

const Account = Type.Object({ email: Type.String(), password: Type.String({ minLength: 12, maxLength: 128 }) });

/** What a person needs to sign in. */
const Credentials = Type.Object({ admin: Account, staff: Account });
export type Credentials = Static<typeof Credentials>;

const Settings = Type.Object({
  /** The edge's port, for the next start without `--port`. */
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  /** The first of the block of ports of everything else. */
  block: Type.Integer({ minimum: 1024, maximum: 65_535 }),
});
export type Settings = Static<typeof Settings>;

const fileOf = ({ dir }: Place, name: string) => join(dir, `${name}.json`);

/** What the last start settled on, or undefined before the first. @throws ClusterError when the file is damaged. */
export async function readSettings(place: Place): Promise<Settings | undefined> {
  return read(fileOf(place, 'settings'), Settings);
}

export async function writeSettings(place: Place, settings: Settings): Promise<void> {
  await write(fileOf(place, 'settings'), settings);
}

/** @throws ClusterError when the file is damaged: the data behind it would be locked away. */
export async function readSecrets(place: Place): Promise<Secrets | undefined> {
  return read(fileOf(place, 'secrets'), Secrets);
}

export async function makeSecrets(place: Place): Promise<Secrets> {
  const secrets: Secrets = { ...makeStoreSecrets(), signing: randomBytes(48).toString('base64url') };
  await write(fileOf(place, 'secrets'), secrets);
  return secrets;
}

/** Nothing is locked away with a lost or damaged file: the accounts get the passwords that are in it. */
export async function readOrMakeCredentials(place: Place): Promise<Credentials> {
  const known = parse(await readFile(place.credentials, 'utf8').catch(() => ''));
  if (Value.Check(Credentials, known)) return known;
  const credentials = { admin: makeAccount('admin'), staff: makeAccount('staff') };
  await write(place.credentials, credentials);
  return credentials;
}

function makeAccount(name: string) {
  return { email: `${name}@tenfold.example`, password: randomBytes(24).toString('base64url') };
}

async function read<Schema extends TSchema>(file: string, schema: Schema): Promise<Static<Schema> | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const content = parse(text);
  if (Value.Check(schema, content)) return content;
  throw new ClusterError(`${file} is damaged: put it back as it was, or begin anew with \`npm start -- --reset\`, which deletes all data.`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function write(file: string, content: unknown): Promise<void> {
  await writePrivateFile(file, `${JSON.stringify(content, null, 2)}\n`);
}
