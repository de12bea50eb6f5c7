import type { RefreshToken, RefreshTokens } from '@tenfold/auth';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RefreshTokenInvalid, RefreshTokenMissing } from './errors.ts';
import type { RefreshCookie } from './refresh-cookie.ts';
import type { Tokens } from './service.ts';

/** By which way a refresh token comes and goes. */
type Way = 'body' | 'cookie';

/** How refresh tokens come from clients and go to them: in the body, or in a cookie. */
export function createDelivery(cookie: RefreshCookie, refreshTokens: RefreshTokens) {
  return {
    /**
     * The refresh token of a request, and the way by which it came: the next one goes back the same way.
     *
     * @throws RefreshTokenMissing, RefreshTokenInvalid, CrossSiteRequest.
     */
    presented(request: FastifyRequest<{ Body: { refreshToken?: string } | null }>): { token: RefreshToken; from: Way } {
      const inBody = request.body?.refreshToken;
      const text = inBody ?? cookie.read(request);
      if (text === undefined) throw new RefreshTokenMissing();
      const token = refreshTokens.parse(text);
      if (!token) throw new RefreshTokenInvalid();
      return { token, from: inBody === undefined ? 'cookie' : 'body' };
    },

    /** Sets the cookie where the token goes there. @returns what goes into the body. */
    deliver(reply: FastifyReply, { accessToken, refreshToken, expiresIn }: Tokens, to: Way | undefined) {
      if (to !== 'cookie') return { accessToken, refreshToken, expiresIn };
      cookie.set(reply, refreshToken);
      return { accessToken, expiresIn };
    },
  };
}
