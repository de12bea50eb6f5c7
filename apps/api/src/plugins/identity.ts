import createError from '@fastify/error';
import {
  type AccessClaims,
  type AccessTokens,
  allows,
  ExpiredToken,
  isPolicy,
  type Policy,
  type Revocations,
  type RoutePolicy,
} from '@tenfold/auth';
import type { FastifyRequest, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { withHeaders } from './problems.ts';

const AuthenticationRequired = createError(
  'AUTHENTICATION_REQUIRED',
  'Sign in first: send Authorization: Bearer with an access token',
  401,
);
const TokenInvalid = createError('TOKEN_INVALID', 'The access token is not one that this service issued', 401);
const TokenExpired = createError('TOKEN_EXPIRED', 'The access token has expired: refresh it', 401);
const TokenRevoked = createError('TOKEN_REVOKED', 'The session of this access token has ended: sign in again', 401);
const Forbidden = createError('FORBIDDEN', 'This account may not do that', 403);
const RevocationsUnknown = createError('REVOCATIONS_UNKNOWN', 'Nobody can say now whether this session still lives. Try again.', 503);

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. The process doesn't start with a route that doesn't say. */
    policy?: Policy;
  }
  interface FastifyRequest {
    /** Who asks; null for nobody in particular, and on public routes. */
    principal: AccessClaims | null;
  }
  interface FastifyInstance {
    /** Every route with its policy, as they were registered. */
    routePolicies(): RoutePolicy[];
  }
}

interface IdentityOptions {
  tokens: AccessTokens;
  revocations: Revocations;
}

/** Who asks, from the token alone: no request waits for a store to know it. */
export const identityPlugin = fp<IdentityOptions>(
  async (app, { tokens, revocations }) => {
    const routes: RouteOptions[] = [];

    app.decorateRequest('principal', null);
    app.decorate('routePolicies', () => routes.flatMap(policiesOf));
    app.addHook('onRoute', (route) => void routes.push(route));
    app.addHook('onReady', async () => void app.routePolicies());

    app.addHook('onRequest', (request, _reply, done) => {
      const { policy } = request.routeOptions.config;
      if (policy === undefined || policy === 'public') return done();
      try {
        request.principal = authenticate(request.headers.authorization);
        authorise(request.principal, policy);
      } catch (error) {
        return done(error instanceof Error ? error : new TokenInvalid());
      }
      done();
    });

    function authenticate(header: string | undefined): AccessClaims | null {
      if (header === undefined) return null;
      const claims = verify(header);
      const reason = revocations.reasonAgainst(claims);
      if (reason === 'revoked') throw challenge(new TokenRevoked());
      if (reason === 'outdated') throw challenge(new TokenExpired()); // the account changed: a refresh brings a token that knows
      return claims;
    }

    function verify(header: string): AccessClaims {
      if (!/^bearer /i.test(header)) throw challenge(new TokenInvalid());
      try {
        return tokens.verify(header.slice('bearer '.length).trim());
      } catch (error) {
        throw challenge(error instanceof ExpiredToken ? new TokenExpired() : new TokenInvalid());
      }
    }

    function authorise(principal: AccessClaims | null, policy: Policy) {
      if (policy === 'anyone') return;
      if (!principal) throw new AuthenticationRequired();
      if (!allows(policy, principal.role)) throw new Forbidden();
      if (policy !== 'user' && revocations.blind) throw withHeaders(new RevocationsUnknown(), { 'retry-after': '1' });
    }
  },
  { name: 'identity' },
);

/** Who asks, on a route whose policy lets nobody through unknown. */
export function signedIn({ principal }: FastifyRequest): AccessClaims {
  if (!principal) throw new AuthenticationRequired();
  return principal;
}

/** RFC 6750, section 3. */
function challenge<E extends Error>(error: E) {
  return withHeaders(error, {
    'www-authenticate': `Bearer realm="tenfold", error="invalid_token", error_description="${error.message}"`,
  });
}

function policiesOf({ method, url, config }: RouteOptions): RoutePolicy[] {
  const policy = config?.policy;
  if (!isPolicy(policy)) throw new Error(`${String(method)} ${url} doesn't say who may call it: set config.policy`);
  return [method].flat().map((one) => ({ method: one, url, policy }));
}
