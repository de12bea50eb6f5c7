import cookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CrossSiteRequest } from './errors.ts';

/** The prefix makes browsers refuse it without Secure, with a Domain, or from anything but HTTPS on this very host. */
const NAME = '__Host-tenfold-refresh';
const ATTRIBUTES = { path: '/', secure: true, httpOnly: true, sameSite: 'strict' } as const;

export interface RefreshCookie {
  /** The token in the cookie. @throws CrossSiteRequest when another site's page sent it. */
  read(request: FastifyRequest): string | undefined;
  set(reply: FastifyReply, token: string): void;
  clear(reply: FastifyReply): void;
}

interface Options {
  /** Seconds. */
  lifetime: number;
  /** Origins besides our own whose pages may use the cookie. */
  origins: readonly string[];
}

/** Refresh tokens for browsers: in a cookie that no script can read and no other site's page can use. */
export async function createRefreshCookie(app: FastifyInstance, { lifetime, origins }: Options): Promise<RefreshCookie> {
  await app.register(cookie);
  return {
    read(request) {
      const token = request.cookies[NAME];
      if (token !== undefined && isCrossSite(request, origins)) throw new CrossSiteRequest();
      return token;
    },
    set: (reply, token) => void reply.setCookie(NAME, token, { ...ATTRIBUTES, maxAge: lifetime }),
    clear: (reply) => void reply.clearCookie(NAME, ATTRIBUTES),
  };
}

/**
 * SameSite alone trusts the browser and every subdomain. Browsers send Origin with each POST, and Sec-Fetch-Site; a client
 * that is no browser sends neither, and has no cookies of somebody else.
 */
function isCrossSite({ headers, host }: FastifyRequest, origins: readonly string[]): boolean {
  const { origin } = headers;
  if (origin !== undefined) return !(origins.includes(origin) || originHost(origin) === host);
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
