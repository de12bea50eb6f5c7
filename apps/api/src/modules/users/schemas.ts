import { ROLES } from '@tenfold/auth';
import { type Static, Type } from 'typebox';
import { User } from '../identity/schemas.ts';

const Id = Type.String({ format: 'uuid', examples: ['019b7654-8c00-7abc-8def-0123456789ab'] });
const Role = Type.Enum([...ROLES], { examples: ['staff'] });

export const Account = Type.Object({ ...User.properties, active: Type.Boolean() }, { title: 'Account' });
export type Account = Static<typeof Account>;

export const AccountList = Type.Object(
  { items: Type.Array(Account), nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page' }) },
  { title: 'AccountList' },
);

export const ListAccounts = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
    cursor: Type.Optional(Type.String({ ...Id, description: 'nextCursor of the page before' })),
    email: Type.Optional(Type.String({ minLength: 3, maxLength: 254, description: 'The account with this address' })),
    role: Type.Optional(Role),
    active: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type ListAccounts = Static<typeof ListAccounts>;

export const AccountParams = Type.Object({ id: Id }, { additionalProperties: false });

export const ChangeAccount = Type.Object(
  { role: Type.Optional(Role), active: Type.Optional(Type.Boolean()) },
  { additionalProperties: false, minProperties: 1, title: 'ChangeAccount' },
);
export type ChangeAccount = Static<typeof ChangeAccount>;
