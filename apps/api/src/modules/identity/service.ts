import {
  type AccessTokens,
  normaliseEmail,
  type Passwords,
  type Principal,
  type RefreshFailure,
  type RefreshToken,
  type RefreshTokens,
  type Revocations,
  type Session,
  type Sessions,
  TooManyPasswords,
} from '@tenfold/auth';
import type { Db, Sql } from '@tenfold/db';
import type { Logger } from '@tenfold/runtime';
import { withField, withHeaders } from '../../plugins/problems.ts';
import { UserNotFound } from '../users/errors.ts';
import {
  EmailTaken,
  InvalidCredentials,
  InvalidEmail,
  RefreshTokenExpired,
  RefreshTokenInvalid,
  RefreshTokenReused,
  RefreshTokenRevoked,
  SessionNotFound,
  SignInOverloaded,
  WrongPassword,
} from './errors.ts';
import type { AccountMails } from './mailed/account-mails.ts';
import { type Accounts, useUpResets } from './repository.ts';
import type { Login, Register, User } from './schemas.ts';

/** Both halves of a session, as a client holds them. */
export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** Seconds. */
  expiresIn: number;
}

interface IdentityOptions {
  db: Db;
  accounts: Accounts;
  sessions: Sessions;
  passwords: Passwords;
  accessTokens: AccessTokens;
  refreshTokens: RefreshTokens;
  revocations: Revocations;
  mails: AccountMails;
  logger: Logger;
}

/** Who is who, for how long. */
export function createIdentity(options: IdentityOptions) {
  const { db, accounts, sessions, passwords, revocations, mails, logger } = options;

  const { issue, startSession } = createIssuer(options);
  const end = (sessionIds: readonly string[]) =>
    revocations.announce(sessionIds.map((sessionId) => ({ kind: 'session', sessionId }) as const));

  return {
    /** @throws InvalidEmail, EmailTaken, SignInOverloaded */
    async register({ email, password, name }: Register, userAgent: string | undefined) {
      const address = toAddress(email);
      const passwordHash = await patiently(passwords.hash(password));
      const { value } = await db.primary.transaction(async (tx) => {
        const user = await accounts.create(tx, address, { email: email.trim(), name, passwordHash });
        if (!user) throw withField(new EmailTaken(), 'email', 'has an account already');
        await mails.verifyEmail(tx, user.id);
        return { user, ...(await startSession(tx, user, userAgent)) };
      });
      mails.sent();
      return value;
    },

    /** @throws InvalidCredentials, SignInOverloaded */
    async login({ email, password }: Login, userAgent: string | undefined) {
      const user = await accounts.findByEmail(toAddress(email));
      const right = await patiently(passwords.verify(password, user?.passwordHash));
      if (!user || !right || !user.active) throw new InvalidCredentials();
      const { value } = await db.primary.transaction(async (tx) => {
        // Checking takes long enough for a new password, which ends all sessions, to come in between.
        if (!(await accounts.holdPassword(tx, user.id, user.passwordHash))) throw new InvalidCredentials();
        await mails.newDevice(tx, user.id, userAgent);
        return startSession(tx, user, userAgent);
      });
      mails.sent();
      return { user, ...value };
    },

    /** @throws RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenRevoked, RefreshTokenReused */
    async refresh(token: RefreshToken): Promise<Tokens> {
      const rotation = await sessions.rotate(token);
      if (!('failure' in rotation)) return issue(rotation.principal, rotation.next);
      if (rotation.failure === 'reused') {
        const { userId, sessionId } = token;
        logger.warn({ securityEvent: 'refresh_token_reused', userId, sessionId }, 'a used refresh token came back: its session was ended');
        end([sessionId]);
        await mails.tokenReuse(db.primary, userId, sessionId);
        mails.sent();
      }
      throw new REFUSALS[rotation.failure]();
    },

    /** @throws SessionNotFound */
    async endSession(userId: string, sessionId: string) {
      if (!(await sessions.revoke(userId, sessionId, 'ended by its owner'))) throw new SessionNotFound();
      end([sessionId]);
    },

    /** Signs out; a session that has ended already has ended. */
    async logout(userId: string, sessionId: string) {
      await sessions.revoke(userId, sessionId, 'signed out');
      end([sessionId]);
    },

    logoutAll: async (userId: string) => end(await sessions.revokeAll(db.primary, userId, 'signed out everywhere')),

    listSessions: (userId: string): Promise<Session[]> => sessions.list(userId),

    /** Ends all other sessions and mailed links: who else knew the old password is out. @throws WrongPassword, SignInOverloaded */
    async changePassword(userId: string, sessionId: string, current: string, next: string) {
      const user = await accounts.findById(userId);
      if (!(await patiently(passwords.verify(current, user?.passwordHash))) || !user) throw wrongPassword();
      const passwordHash = await patiently(passwords.hash(next));
      const { value: ended } = await db.primary.transaction(async (tx) => {
        if (!(await accounts.setPassword(tx, userId, user.passwordHash, passwordHash))) throw wrongPassword();
        await useUpResets(tx, userId);
        return sessions.revokeAll(tx, userId, 'password changed', [sessionId]);
      });
      end(ended);
    },

    async me(userId: string): Promise<User> {
      const user = await accounts.findUser(userId);
      if (!user) throw new UserNotFound();
      return user;
    },

    async rename(userId: string, name: string | null): Promise<User> {
      const user = await accounts.rename(userId, name);
      if (!user) throw new UserNotFound();
      return user;
    },
  };
}
export type Identity = ReturnType<typeof createIdentity>;

/** Puts tokens into the form that clients hold. */
function createIssuer({ sessions, accessTokens, refreshTokens }: IdentityOptions) {
  const issue = ({ userId, sessionId, role, version }: Principal, refreshToken: RefreshToken): Tokens => ({
    accessToken: accessTokens.issue({ sub: userId, sid: sessionId, role, ver: version }),
    refreshToken: refreshTokens.format(refreshToken),
    expiresIn: accessTokens.lifetime,
  });

  async function startSession(tx: Sql, user: User & { version: number }, userAgent: string | undefined) {
    const token = await sessions.start(tx, user.id, userAgent);
    return issue({ userId: user.id, sessionId: token.sessionId, role: user.role, version: user.version }, token);
  }
  return { issue, startSession };
}

const REFUSALS: Record<RefreshFailure, new () => Error> = {
  invalid: RefreshTokenInvalid,
  expired: RefreshTokenExpired,
  revoked: RefreshTokenRevoked,
  reused: RefreshTokenReused,
};

/** @throws InvalidEmail */
export function toAddress(email: string): string {
  const address = normaliseEmail(email);
  if (!address) throw withField(new InvalidEmail(), 'email', 'is not an e-mail address');
  return address;
}

function wrongPassword() {
  return withField(new WrongPassword(), 'currentPassword', 'is wrong');
}

/** Passwords wait in a bounded queue; past it the client is asked to come back. */
export async function patiently<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TooManyPasswords) throw withHeaders(new SignInOverloaded(), { 'retry-after': '1' });
    throw error;
  }
}
