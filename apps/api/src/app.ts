import { type Socket } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
import cors from '@fastify/cors';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { createMailTokens } from '@tenfold/auth';
import type { Cache } from '@tenfold/cache';
import { createConsistencyTokens, type Db } from '@tenfold/db';
import { createPricing } from '@tenfold/orders';
import { createSandboxWebhooks, createStripeWebhooks } from '@tenfold/payments';
import { createLiveFeed, createOutboxHint } from '@tenfold/queue';
import type { Lifecycle, Logger, Registry } from '@tenfold/runtime';
import Fastify, { type FastifyError, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Redis } from 'ioredis';
import type { Config } from './config.ts';
import { type Auth, keyFor } from './deps.ts';
import { createGuestTokens } from './modules/cart/guest-tokens.ts';
import { createCartRepository } from './modules/cart/repository.ts';
import { cartRoutes, cartToken } from './modules/cart/routes.ts';
import { createCarts } from './modules/cart/service.ts';
import { createCartStore } from './modules/cart/store.ts';
import { createCatalogueCache } from './modules/catalogue/catalogue-cache.ts';
import { createCursors } from './cursor.ts';
import { createCatalogueRepository } from './modules/catalogue/repository.ts';
import { catalogueRoutes } from './modules/catalogue/routes.ts';
import { createCatalogue } from './modules/catalogue/service.ts';
import { catalogueStaffRoutes } from './modules/catalogue/staff/routes.ts';
import { createCatalogueStaff } from './modules/catalogue/staff/service.ts';
import { createAccounts } from './modules/identity/repository.ts';
import { createAccountMails } from './modules/identity/mailed/account-mails.ts';
import { mailedTokenRoutes } from './modules/identity/mailed/routes.ts';
import { createMailedTokens } from './modules/identity/mailed/service.ts';
import { identityRoutes } from './modules/identity/routes.ts';
import { createIdentity } from './modules/identity/service.ts';
import { createHub } from './modules/live/hub.ts';
import { liveRoutes } from './modules/live/routes.ts';
import { createTickets } from './modules/live/tickets.ts';
import { createAvailability } from './modules/orders/availability.ts';
import { createCheckout } from './modules/orders/checkout.ts';
import { ordersRoutes } from './modules/orders/routes.ts';
import { createOrders } from './modules/orders/service.ts';
import { opsRoutes } from './modules/ops/routes.ts';
import { createUsersRepository } from './modules/users/repository.ts';
import { usersRoutes } from './modules/users/routes.ts';
import { createUsers } from './modules/users/service.ts';
import { backstageRoutes } from './backstage.ts';
import { cachePlugin } from './plugins/cache.ts';
import { calmClose } from './plugins/calm-close.ts';
import { consistencyPlugin } from './plugins/consistency.ts';
import { dbPlugin } from './plugins/db.ts';
import { experimentsPlugin } from './plugins/experiments.ts';
import { httpMetricsPlugin } from './plugins/http-metrics.ts';
import { identityPlugin } from './plugins/identity.ts';
import { keyedWritesPlugin } from './plugins/keyed-writes.ts';
import { methodsPlugin } from './plugins/methods.ts';
import { openapiPlugin } from './plugins/openapi.ts';
import { endWithProblem, problemsPlugin, sendProblem } from './plugins/problems.ts';
import { queueBoardCookiePlugin } from './plugins/queue-board.ts';
import { rateLimitsPlugin } from './plugins/rate-limits.ts';
import { replicaPlugin } from './plugins/replica.ts';
import { securityHeadersPlugin } from './plugins/security-headers.ts';
import { sheddingPlugin } from './plugins/shedding.ts';
import { turnsPlugin } from './plugins/turns.ts';
import { validationPlugin } from './plugins/validation.ts';
import { createLocalRateLimits, createRateLimitStore, createRedisRateLimits } from './rate-limit-store.ts';

/** What a replica is made of; whoever made it closes what `app.close()` doesn't. */
export interface Deps {
  db: Db;
  cache: Cache;
  auth: Auth;
  redisState: Redis;
  /** The same server, with more patience. */
  redisCarts: Redis;
  lifecycle: Pick<Lifecycle, 'state'>;
  logger: Logger;
  metrics: Registry;
}

/** The whole API, in the order in which a request goes through it. */
export async function buildApp(deps: Deps, config: Config) {
  const app = Fastify(serverOptions(deps, config)).withTypeProvider<TypeBoxTypeProvider>();
  const { auth, logger, metrics } = deps;

  await app.register(turnsPlugin);
  await app.register(problemsPlugin);
  await app.register(validationPlugin);
  await app.register(httpMetricsPlugin, { metrics });
  await app.register(replicaPlugin, { name: config.INSTANCE_NAME, state: () => deps.lifecycle.state });
  await app.register(sheddingPlugin, { maxEventLoopDelay: config.MAX_EVENT_LOOP_DELAY * 1000, metrics });
  await app.register(securityHeadersPlugin);
  if (config.CORS_ORIGINS.length > 0)
    await app.register(cors, { origin: config.CORS_ORIGINS, exposedHeaders: EXPOSED_HEADERS, credentials: true, maxAge: 600 });
  await app.register(queueBoardCookiePlugin);
  await app.register(identityPlugin, { tokens: auth.accessTokens, revocations: auth.revocations });
  const store = createRateLimitStore(createRedisRateLimits(deps.redisState), createLocalRateLimits(), logger);
  await app.register(rateLimitsPlugin, { store, limits: limits(config) });

  await app.register(dbPlugin, { db: deps.db });
  await app.register(cachePlugin, { cache: deps.cache });
  await app.register(consistencyPlugin, { tokens: createConsistencyTokens(keyFor(config, 'consistency-token')) });

  await app.register(keyedWritesPlugin, { patience: config.WRITE_PATIENCE * 1000 });
  if (config.EXPERIMENTS) await app.register(experimentsPlugin, { db: deps.db, redis: deps.redisState });

  await app.register(openapiPlugin);
  await app.register(opsRoutes, { state: () => deps.lifecycle.state, redisStateUp: () => deps.redisState.status === 'ready' });
  const carts = createCarts({
    store: createCartStore(deps.redisCarts),
    repository: createCartRepository(deps.db),
    tokens: createGuestTokens(keyFor(config, 'guest-cart')),
    logger,
  });
  const hint = createOutboxHint(deps.redisState);
  const mails = createAccountMails(hint);
  await app.register(identityRoutes, {
    adoptCart: (userId, request) => carts.adopt(userId, cartToken(request)),
    identity: createIdentity({ db: deps.db, accounts: createAccounts(deps.db), mails, logger, ...auth }),
    keys: auth.keys,
    refreshTokens: auth.refreshTokens,
    sessionLifetime: config.SESSION_LIFETIME,
    origins: config.CORS_ORIGINS,
  });
  const mailTokens = createMailTokens(keyFor(config, 'mail-token'));
  await app.register(mailedTokenRoutes, { mailed: createMailedTokens({ db: deps.db, tokens: mailTokens, mails, ...auth }) });
  await app.register(usersRoutes, { users: createUsers({ db: deps.db, repository: createUsersRepository(deps.db), ...auth }) });
  const cursors = createCursors(keyFor(config, 'cursor'));
  const catalogueCache = createCatalogueCache({
    repository: createCatalogueRepository(deps.db),
    cache: deps.cache,
    cursors,
    freshFor: config.CACHE_FRESH * 1000,
    staleFor: config.CACHE_STALE * 1000,
    maxBytes: config.CACHE_L1_MEGABYTES * 2 ** 20,
  });
  await app.register(catalogueRoutes, { catalogue: createCatalogue(catalogueCache, cursors) });
  await app.register(catalogueStaffRoutes, { staff: createCatalogueStaff(deps.db, catalogueCache) });
  await app.register(cartRoutes, { carts });
  const availability = createAvailability(deps.db, catalogueCache, logger);
  await app.register(ordersRoutes, {
    checkout: createCheckout({
      db: deps.db,
      carts,
      pricing: createPricing(),
      provider: config.PAYMENT_PROVIDER,
      reservation: config.RESERVATION_MINUTES * 60,
      availability,
    }),
    orders: createOrders({ db: deps.db, cursors, availability }),
    wake: () => hint.wake(),
  });
  await app.register(liveRoutes, { hub: openHub(deps, config), tickets: createTickets(deps.redisState), revocations: auth.revocations });
  await app.register(backstageRoutes, { db: deps.db, redisState: deps.redisState, webhooks: webhooksOf(config), hint, availability });
  await app.register(methodsPlugin);
  await app.register(calmClose);
  return app;
}

function openHub({ redisState, auth, lifecycle, logger, metrics }: Deps, config: Config) {
  return createHub({
    feed: createLiveFeed(redisState, logger),
    revocations: auth.revocations,
    state: () => lifecycle.state,
    metrics,
    maxStreams: config.LIVE_MAX_STREAMS,
    maxStreamsPerUser: config.LIVE_MAX_STREAMS_PER_USER,
    heartbeat: config.LIVE_HEARTBEAT * 1000,
    farewell: config.DRAIN_WAIT * 600,
  });
}

/** Of the provider that orders are placed with; none where it has no secret to sign with. */
function webhooksOf({ PAYMENT_PROVIDER, PAYMENT_WEBHOOK_SECRET }: Config) {
  if (PAYMENT_WEBHOOK_SECRET === undefined) return undefined;
  return PAYMENT_PROVIDER === 'stripe' ? createStripeWebhooks(PAYMENT_WEBHOOK_SECRET) : createSandboxWebhooks(PAYMENT_WEBHOOK_SECRET);
}

function limits(config: Config) {
  const scaled = (limit: number) => Math.max(1, Math.round(limit * config.RATE_LIMIT_SCALE));
  return {
    window: config.RATE_LIMIT_WINDOW,
    signInsPerIp: scaled(config.RATE_LIMIT_SIGN_INS_PER_IP),
    signInsPerAccount: scaled(config.RATE_LIMIT_SIGN_INS_PER_ACCOUNT),
    writesPerMinute: scaled(config.RATE_LIMIT_WRITES),
    guestCartsPerIp: scaled(config.RATE_LIMIT_GUEST_CARTS),
  };
}

const EXPOSED_HEADERS = [
  'Cache-Status',
  'Cart-Token',
  'Consistency-Token',
  'ETag',
  'Idempotency-Replayed',
  'Location',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Retry-After',
  'X-Request-Id',
  'X-Served-By',
];

function serverOptions({ logger }: Deps, config: Config) {
  return {
    loggerInstance: logger,
    // The edge logs every request; a replica logs what goes wrong.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    requestIdHeader: false,
    genReqId: ({ headers }: { headers: Record<string, unknown> }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : randomUUID();
    },
    trustProxy: config.TRUSTED_PROXIES,
    bodyLimit: 2 ** 20,
    /** The time for a whole request to arrive: the edge has buffered it, so this is generous. */
    requestTimeout: 10_000,
    connectionTimeout: 30_000,
    /** Longer than the edge keeps an idle connection (60 s): the side that opened it is to close it, or a request may meet its end. */
    keepAliveTimeout: 72_000,
    /** Any other upgrade (h2c, a WebSocket elsewhere) is a request like others. */
    http: {
      shouldUpgradeCallback: ({ url, headers }: IncomingMessage) =>
        /^\/v1\/live(\?|$)/.test(url ?? '') && /^websocket$/i.test(headers.upgrade ?? ''),
    },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
    /** What fails before there is a route, and so before any plugin's hook. */
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(error, request, reply.headers({ 'x-served-by': config.INSTANCE_NAME, 'x-request-id': request.id })),
    clientErrorHandler,
  } as const;
}

/** What isn't even HTTP gets a problem too, as far as the socket still takes one. */
function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket) {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  endWithProblem(socket, status);
}
