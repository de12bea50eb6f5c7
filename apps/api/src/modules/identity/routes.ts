import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { KeyRing, RefreshTokens } from '@tenfold/auth';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { signedIn } from '../../plugins/identity.ts';
import { Problem } from '../../plugins/problems.ts';
import { createDelivery } from './delivery.ts';
import { digest } from './digest.ts';
import { createRefreshCookie } from './refresh-cookie.ts';
import {
  ChangeMe,
  ChangePassword,
  Jwks,
  Login,
  Refresh,
  Refreshed,
  Register,
  SessionList,
  SessionParams,
  SignedIn,
  User,
} from './schemas.ts';
import { type Identity, toAddress } from './service.ts';

export interface IdentityRoutesOptions {
  identity: Identity;
  keys: KeyRing;
  refreshTokens: RefreshTokens;
  /** Brings along what a guest has put into a cart before they signed in. Never throws. */
  adoptCart: (userId: string, request: FastifyRequest) => Promise<void>;
  /** Seconds. */
  sessionLifetime: number;
  origins: readonly string[];
}

const problems = { '4xx': Problem, '5xx': Problem };
const Nothing = Type.Null({ description: 'Done' });
const security = [{ accessToken: [] }];

export const identityRoutes: FastifyPluginAsyncTypebox<IdentityRoutesOptions> = async (app, options) => {
  const { identity, keys, refreshTokens, sessionLifetime, origins, adoptCart } = options;
  const cookie = await createRefreshCookie(app, { lifetime: sessionLifetime, origins });
  const delivery = createDelivery(cookie, refreshTokens);
  const tags = ['identity'];
  const before = { policy: 'public', signIn: true } as const;
  const own = { policy: 'user' } as const;

  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
  });

  app.post(
    '/v1/auth/register',
    {
      config: before,
      schema: { operationId: 'register', summary: 'Open an account', tags, body: Register, response: { 201: SignedIn, ...problems } },
    },
    async (request, reply) => {
      const { email, refreshTokenIn } = request.body;
      const attempt = await app.rateLimits.account(request, reply, digest(toAddress(email)));
      const made = await identity.register(request.body, request.headers['user-agent']);
      await Promise.all([attempt.succeeded(), adoptCart(made.user.id, request)]);
      return reply.code(201).send({ user: made.user, ...delivery.deliver(reply, made, refreshTokenIn) });
    },
  );

  app.post(
    '/v1/auth/login',
    {
      config: before,
      schema: { operationId: 'login', summary: 'Sign in', tags, body: Login, response: { 200: SignedIn, ...problems } },
    },
    async (request, reply) => {
      const { email, refreshTokenIn } = request.body;
      const attempt = await app.rateLimits.account(request, reply, digest(toAddress(email)));
      const found = await identity.login(request.body, request.headers['user-agent']);
      await Promise.all([attempt.succeeded(), adoptCart(found.user.id, request)]);
      return { user: found.user, ...delivery.deliver(reply, found, refreshTokenIn) };
    },
  );

  app.post(
    '/v1/auth/refresh',
    {
      config: before,
      schema: {
        operationId: 'refresh',
        summary: 'Exchange a refresh token for a new pair',
        description: 'A repeat within ten seconds (a lost answer, a second tab) gets the same pair; a later one ends the session.',
        tags,
        body: Refresh,
        response: { 200: Refreshed, ...problems },
      },
    },
    async (request, reply) => {
      const { token, from } = delivery.presented(request);
      const attempt = await app.rateLimits.account(request, reply, token.userId);
      const pair = await identity.refresh(token);
      await attempt.succeeded();
      return delivery.deliver(reply, pair, from);
    },
  );

  app.post(
    '/v1/auth/logout',
    {
      config: own,
      schema: {
        operationId: 'logout',
        summary: 'End this session',
        tags,
        security,
        body: Refresh,
        response: { 204: Nothing, ...problems },
      },
    },
    async (request, reply) => {
      const { sub, sid } = signedIn(request);
      await identity.logout(sub, sid);
      cookie.clear(reply);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/auth/logout-all',
    {
      config: own,
      schema: { operationId: 'logoutAll', summary: 'End all sessions', tags, security, response: { 204: Nothing, ...problems } },
    },
    async (request, reply) => {
      await identity.logoutAll(signedIn(request).sub);
      cookie.clear(reply);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/auth/password',
    {
      config: { ...own, signIn: true },
      schema: {
        operationId: 'changePassword',
        summary: 'Change the password, and end all other sessions',
        tags,
        security,
        body: ChangePassword,
        response: { 204: Nothing, ...problems },
      },
    },
    async (request, reply) => {
      const { sub, sid } = signedIn(request);
      const attempt = await app.rateLimits.account(request, reply, sub);
      await identity.changePassword(sub, sid, request.body.currentPassword, request.body.newPassword);
      await attempt.succeeded();
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/v1/auth/sessions',
    {
      config: own,
      schema: {
        operationId: 'listSessions',
        summary: 'Where you are signed in',
        tags,
        security,
        response: { 200: SessionList, ...problems },
      },
    },
    async (request) => {
      const { sub, sid } = signedIn(request);
      const sessions = await identity.listSessions(sub);
      return { items: sessions.map((session) => ({ ...session, current: session.id === sid })) };
    },
  );

  app.delete(
    '/v1/auth/sessions/:id',
    {
      config: own,
      schema: {
        operationId: 'endSession',
        summary: 'Sign out somewhere else',
        tags,
        security,
        params: SessionParams,
        response: { 204: Nothing, ...problems },
      },
    },
    async (request, reply) => {
      await identity.endSession(signedIn(request).sub, request.params.id);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/v1/me',
    {
      config: own,
      schema: { operationId: 'getMe', summary: 'Your account', tags, security, response: { 200: User, ...problems } },
    },
    (request) => identity.me(signedIn(request).sub),
  );

  app.patch(
    '/v1/me',
    {
      config: own,
      schema: {
        operationId: 'changeMe',
        summary: 'Change your name',
        tags,
        security,
        body: ChangeMe,
        response: { 200: User, ...problems },
      },
    },
    (request) => identity.rename(signedIn(request).sub, request.body.name),
  );

  app.get(
    '/.well-known/jwks.json',
    {
      config: { policy: 'public' },
      schema: {
        operationId: 'listKeys',
        summary: 'Public keys that access tokens are signed with',
        tags,
        response: { 200: Jwks, ...problems },
      },
    },
    async (_request, reply) => reply.header('cache-control', 'public, max-age=60').send({ keys: keys.publicKeys() }),
  );
};
