/** Makes sure that accounts exist, with these passwords and roles: `DATABASE_URL=… ACCOUNTS='[…]' node packages/auth/src/accounts/main.ts`. */
import pg from 'pg';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { normaliseEmail } from '../email.ts';
import { createPasswords, type Passwords } from '../passwords.ts';
import { ROLES } from '../roles.ts';
import { readConfig } from './config.ts';

const Account = Type.Object({
  email: Type.String(),
  password: Type.String({ minLength: 12, maxLength: 128 }),
  role: Type.Enum([...ROLES]),
});
const Accounts = Type.Array(Account, { minItems: 1 });
type Account = Static<typeof Account>;

try {
  const { DATABASE_URL, ACCOUNTS } = readConfig();
  await ensureAccounts(DATABASE_URL, parseAccounts(ACCOUNTS));
} catch (error) {
  process.stderr.write(`tenfold accounts: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function parseAccounts(text: string): Account[] {
  const given: unknown = JSON.parse(text);
  if (Value.Check(Accounts, given)) return given;
  throw new Error('ACCOUNTS must be a JSON list of { email, password (12 characters at least), role (customer, staff or admin) }');
}

async function ensureAccounts(url: string, accounts: readonly Account[]) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  const passwords = createPasswords({ maxQueue: 10 });
  try {
    await client.connect();
    for (const account of accounts) process.stdout.write(`${account.email}: ${await ensureAccount(client, passwords, account)}\n`);
  } finally {
    await client.end().catch(() => undefined);
    await passwords.close();
  }
}

async function ensureAccount(client: pg.Client, passwords: Passwords, { email, password, role }: Account) {
  const address = normaliseEmail(email);
  if (!address) throw new Error(`${email} is not an e-mail address`);
  const passwordHash = await passwords.hash(password);
  await client.query('BEGIN');
  const claimed = await client.query(
    'INSERT INTO email_directory (email, user_id) VALUES ($1, uuidv7()) ON CONFLICT (email) DO NOTHING RETURNING user_id',
    [address],
  );
  if (claimed.rows.length > 0) {
    const values = [claimed.rows[0].user_id, email, passwordHash, role];
    await client.query('INSERT INTO users (user_id, email, password_hash, role) VALUES ($1, $2, $3, $4)', values);
    await client.query('COMMIT');
    return 'made';
  }
  const { rows } = await client.query(
    `SELECT u.user_id, u.password_hash, u.role, u.active FROM email_directory e JOIN users u ON u.user_id = e.user_id WHERE e.email = $1 FOR UPDATE OF u`,
    [address],
  );
  const [user] = rows;
  if (!user) throw new Error(`the directory knows ${address}, but there is no such account`);
  const samePassword = await passwords.verify(password, String(user.password_hash));
  const same = samePassword && user.role === role && user.active;
  if (!same) {
    await client.query(
      `UPDATE users SET password_hash = $2, role = $3, active = true, auth_version = auth_version + 1, auth_changed_at = now() WHERE user_id = $1`,
      [user.user_id, passwordHash, role],
    );
  }
  if (!samePassword) await endAccess(client, user.user_id);
  await client.query('COMMIT');
  return same ? 'kept' : 'changed';
}

/** Who knew the old password, or has a link to choose another, is out; running replicas notice within a second. */
async function endAccess(client: pg.Client, userId: string) {
  const ended = `UPDATE sessions SET revoked_at = now(), revoked_reason = 'password set by an operator' WHERE user_id = $1 AND revoked_at IS NULL`;
  const usedUp = `UPDATE mail_tokens SET used_at = now() WHERE user_id = $1 AND kind = 'reset_password' AND used_at IS NULL`;
  await client.query(ended, [userId]);
  await client.query(usedUp, [userId]);
}
