import { ROLES } from '@tenfold/auth';
import { type Static, Type } from 'typebox';
import { PRINTABLE } from '../../text.ts';

const Id = Type.String({ format: 'uuid', examples: ['019b7654-8c00-7abc-8def-0123456789ab'] });
const Email = Type.String({ minLength: 3, maxLength: 254, examples: ['ada@example.com'] });
const Name = Type.String({ minLength: 1, maxLength: 100, pattern: PRINTABLE, examples: ['Ada Lovelace'] });
/** NIST SP 800-63B: a least length and no rules on characters. The bound keeps hashing one cheap. */
const Password = Type.String({ minLength: 8, maxLength: 128, examples: ['correct horse battery staple'] });
const Role = Type.Enum([...ROLES], { examples: ['customer'] });
const Timestamp = Type.String({ format: 'date-time', examples: ['2026-01-01T00:00:00.000Z'] });
const RefreshToken = Type.String({ minLength: 1, maxLength: 512, examples: ['AZt2VIwAerx…'] });
/** Where a browser wants its refresh token: pages can't read a cookie that is HttpOnly, so neither can a script in them. */
const Delivery = Type.Enum(['body', 'cookie'], { default: 'body', description: 'Where to put the refresh token' });

export const User = Type.Object(
  {
    id: Id,
    email: Email,
    name: Type.Union([Type.String(), Type.Null()], { examples: ['Ada Lovelace'] }),
    role: Role,
    createdAt: Timestamp,
  },
  { title: 'User' },
);
export type User = Static<typeof User>;

export const Register = Type.Object(
  { email: Email, password: Password, name: Type.Optional(Name), refreshTokenIn: Type.Optional(Delivery) },
  { additionalProperties: false, title: 'Register' },
);
export type Register = Static<typeof Register>;

export const Login = Type.Object(
  { email: Email, password: Type.String({ minLength: 1, maxLength: 128 }), refreshTokenIn: Type.Optional(Delivery) },
  { additionalProperties: false, title: 'Login' },
);
export type Login = Static<typeof Login>;

/** A body or none: a browser's token comes in its cookie. (A union would make the errors of both its halves.) */
export const Refresh = Type.Unsafe<{ refreshToken?: string } | null>({
  type: ['object', 'null'],
  title: 'Refresh',
  description: 'Without a body the cookie is taken',
  properties: { refreshToken: RefreshToken },
  additionalProperties: false,
});

const tokens = {
  accessToken: Type.String({ description: 'JWT, to be sent as Authorization: Bearer', examples: ['eyJhbGciOiJFZERTQSIs…'] }),
  refreshToken: Type.Optional(Type.String({ description: 'Good for one refresh; left out when it went into the cookie' })),
  expiresIn: Type.Integer({ description: 'Seconds that the access token is good for', examples: [600] }),
};
export const SignedIn = Type.Object({ user: User, ...tokens }, { title: 'SignedIn' });
export const Refreshed = Type.Object(tokens, { title: 'Refreshed' });

export const ChangePassword = Type.Object(
  { currentPassword: Type.String({ minLength: 1, maxLength: 128 }), newPassword: Password },
  { additionalProperties: false, title: 'ChangePassword' },
);

export const ChangeMe = Type.Object(
  { name: Type.Union([Name, Type.Null()]) },
  { additionalProperties: false, minProperties: 1, title: 'ChangeMe' },
);

const Session = Type.Object(
  {
    id: Id,
    createdAt: Timestamp,
    lastUsedAt: Timestamp,
    userAgent: Type.Union([Type.String(), Type.Null()]),
    current: Type.Boolean({ description: 'Whether it is the one that asks' }),
  },
  { title: 'Session' },
);
export const SessionList = Type.Object({ items: Type.Array(Session) }, { title: 'SessionList' });
export const SessionParams = Type.Object({ id: Id }, { additionalProperties: false });

export const Jwks = Type.Object(
  {
    keys: Type.Array(
      Type.Object({
        kty: Type.Literal('OKP', { examples: ['OKP'] }),
        crv: Type.Literal('Ed25519'),
        x: Type.String(),
        kid: Type.String(),
        use: Type.Literal('sig'),
        alg: Type.Literal('EdDSA'),
      }),
    ),
  },
  { title: 'Jwks', description: 'RFC 7517' },
);
