import type { Revocations, Sessions } from '@tenfold/auth';
import { type Db, recordAudit } from '@tenfold/db';
import type { Actor } from '../audit/actor.ts';
import { toAddress } from '../identity/service.ts';
import { OwnAccount, UserNotFound } from './errors.ts';
import type { UsersRepository } from './repository.ts';
import type { Account, ChangeAccount, ListAccounts } from './schemas.ts';

interface UsersOptions {
  db: Db;
  repository: UsersRepository;
  sessions: Sessions;
  revocations: Revocations;
}

/** Other people's accounts, in the hands of administrators. */
export function createUsers({ db, repository, sessions, revocations }: UsersOptions) {
  return {
    /** @throws InvalidEmail */
    async list(query: ListAccounts): Promise<{ items: Account[]; nextCursor: string | null }> {
      const userId = query.email === undefined ? undefined : await repository.findUserId(toAddress(query.email));
      if (query.email !== undefined && userId === undefined) return { items: [], nextCursor: null };
      const found = await repository.list(query, userId);
      const items = found.slice(0, query.limit);
      return { items, nextCursor: found.length > query.limit ? (items.at(-1)?.id ?? null) : null };
    },

    /**
     * In force on every replica within a second: tokens of before are refused. Whoever stays active gets new ones by a
     * refresh; a closed account's sessions have ended.
     *
     * @throws OwnAccount (the last administrator can't lock himself out), UserNotFound
     */
    async change(actor: Actor, userId: string, change: ChangeAccount): Promise<Account> {
      if (userId === actor.userId) throw new OwnAccount();
      const { value } = await db.primary.transaction(async (tx) => {
        const changed = await repository.change(tx, userId, change);
        if (!changed) throw new UserNotFound();
        const ended = changed.active ? [] : await sessions.revokeAll(tx, userId, 'account closed');
        await recordAudit(tx, { ...actor, action: 'user.changed', subject: `user:${userId}`, detail: change });
        return { changed, ended };
      });
      const { version, ...account } = value.changed;
      revocations.announce([
        { kind: 'user', userId, version },
        ...value.ended.map((sessionId) => ({ kind: 'session', sessionId }) as const),
      ]);
      return account;
    },
  };
}
export type Users = ReturnType<typeof createUsers>;
