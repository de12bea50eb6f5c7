import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { DatabaseUnavailable, PoolExhausted } from '@tenfold/db';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { type Static, Type } from 'typebox';
import { PRINTABLE, PRINTABLE_LINES } from '../text.ts';

const FieldError = Type.Object({ field: Type.String({ examples: ['limit'] }), message: Type.String({ examples: ['must be <= 100'] }) });

/** RFC 9457. `code` is stable and meant for programs, `detail` for people. */
export const Problem = Type.Object(
  {
    type: Type.String({ examples: ['urn:tenfold:problem:invalid_request'] }),
    title: Type.String({ examples: ['Bad Request'] }),
    status: Type.Integer({ examples: [400] }),
    detail: Type.String({ examples: ['limit must be <= 100'] }),
    instance: Type.String({ examples: ['/v1/products'] }),
    code: Type.String({ examples: ['invalid_request'] }),
    requestId: Type.String({ examples: ['7f3b1c9a5d2e4f60'] }),
    errors: Type.Optional(Type.Array(FieldError)),
  },
  { title: 'Problem', description: 'What went wrong (RFC 9457)' },
);
type Problem = Static<typeof Problem>;
type FieldError = Static<typeof FieldError>;

/** What an error may carry into its answer. */
interface Extras {
  fields: FieldError[];
  headers: Record<string, string>;
}

/** The error, with the field of the request that it is about. */
export function withField<E extends Error>(error: E, field: string, message: string): E & Pick<Extras, 'fields'> {
  return Object.assign(error, { fields: [{ field, message }] });
}

/** The error, with headers for its answer. */
export function withHeaders<E extends Error>(error: E, headers: Record<string, string>): E & Pick<Extras, 'headers'> {
  return Object.assign(error, { headers });
}

interface Answer {
  status: number;
  code: string;
  detail: string;
  errors?: FieldError[];
  headers?: Record<string, string>;
}

/** Every error of the application leaves it here, as a problem; what nobody foresaw is logged and told to nobody. */
export const problemsPlugin = fp(
  async (app) => {
    app.setErrorHandler<FastifyError>(sendProblem);
    app.setNotFoundHandler((request, reply) => send(request, reply, NOT_FOUND));
  },
  { name: 'problems' },
);

/** Also for what fails before there is a route: a URL that can't be decoded. */
export function sendProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const answer = toAnswer(error);
  if (answer.status >= 500) request.log.error({ err: error, route: request.routeOptions?.url, code: answer.code }, 'request failed');
  return send(request, reply, answer);
}

/** The body that `sendProblem` would send, for who has to keep it. */
export function problemText(error: FastifyError, request: FastifyRequest): string {
  return JSON.stringify(toProblem(toAnswer(error), request));
}

function send(request: FastifyRequest, reply: FastifyReply, answer: Answer) {
  return reply
    .code(answer.status)
    .headers({ ...PROBLEM_HEADERS, ...(answer.status === 401 && CHALLENGE), ...answer.headers })
    .send(JSON.stringify(toProblem(answer, request)));
}

/** The same where there is no reply any more, or not yet: an answer written by hand, and the connection's end. */
export function endWithProblem(socket: Duplex, status: 400 | 408 | 431, detail?: string, headers: Record<string, string> = {}): void {
  const title = STATUS_CODES[status] ?? 'Bad Request';
  const code = { 431: 'headers_too_large', 408: 'request_timeout', 400: 'bad_request' }[status];
  const body = JSON.stringify({ type: `urn:tenfold:problem:${code}`, title, status, detail: detail ?? title, code });
  const head = { ...PROBLEM_HEADERS, ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${title}`, ...lines, '', body].join('\r\n'));
}

const NOT_FOUND: Answer = { status: 404, code: 'not_found', detail: 'There is nothing at this address.' };
/** A 401 must say how to do better (RFC 9110, 11.6.1). */
const CHALLENGE = { 'www-authenticate': 'Bearer realm="tenfold"' };
export const PROBLEM_HEADERS = { 'content-type': 'application/problem+json; charset=utf-8', 'cache-control': 'no-store' };

function toProblem({ status, code, detail, errors }: Answer, request: FastifyRequest): Problem {
  return {
    type: `urn:tenfold:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    instance: request.url.split('?')[0] ?? '/',
    code,
    requestId: request.id,
    ...(errors && { errors }),
  };
}

/** Seconds: what is short of something now may have it then. */
const RETRY = { 'retry-after': '1' };

/**
 * Postgres has more to do than it can: it cancelled a statement that ran for too long (57014) or waited for a lock for too
 * long (55P03), ended a deadlock (40P01), or has no memory or no connection left (class 53).
 * https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
const OVERLOADED = /^(57014|55P03|40P01|53(?!100)...|OVERLOADED)$/;
const DISK_FULL = '53100';
/** What was the primary a moment ago takes no writes any more. */
const READ_ONLY = '25006';

function toAnswer(error: FastifyError & Partial<Extras>): Answer {
  if (error.validation) {
    const errors = fieldErrors(error);
    return { status: 400, code: 'invalid_request', detail: errors.map(({ field, message }) => `${field} ${message}`).join('; '), errors };
  }
  if (error instanceof DatabaseUnavailable || error.code === READ_ONLY) {
    return {
      status: 503,
      code: 'database_unavailable',
      detail: 'The database is not reachable. Nothing was changed; try again.',
      headers: RETRY,
    };
  }
  if (error.code === DISK_FULL) {
    return {
      status: 503,
      code: 'storage_full',
      detail: 'The database has no room left. Nothing was changed.',
      headers: { 'retry-after': '30' },
    };
  }
  if (error instanceof PoolExhausted || OVERLOADED.test(error.code)) {
    return { status: 503, code: 'overloaded', detail: 'The service has more to do than it can. Try again.', headers: RETRY };
  }
  const status = error.statusCode ?? 500;
  if (status >= 500 && status !== 503)
    return { status: 500, code: 'internal_error', detail: 'Something went wrong on our side; it has been logged.' };
  return {
    status,
    code: codeOf(error, status),
    detail: error.message,
    ...(error.fields && { errors: error.fields }),
    ...(error.headers && { headers: error.headers }),
  };
}

/** Our own errors have the contract's names. A framework's are no contract: those that are not listed go by their status. */
function codeOf({ code = 'FST_' }: Partial<FastifyError>, status: number): string {
  const fallback = code.startsWith('FST_') ? (BY_STATUS[status] ?? 'bad_request') : code.toLowerCase();
  return CODES[code] ?? fallback;
}

const BY_STATUS: Record<number, string> = { 403: 'forbidden', 404: 'not_found' };

const CODES: Record<string, string> = {
  FST_ERR_BAD_URL: 'bad_url',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_request',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
};

function fieldErrors({ validation = [], validationContext }: FastifyError): FieldError[] {
  return validation.map(({ instancePath, keyword, params, message }) => {
    const child = keyword === 'required' ? params['missingProperty'] : params['additionalProperty'];
    const path = [...instancePath.split('/').filter(Boolean), ...(typeof child === 'string' ? [child] : [])].join('.');
    return { field: path || (validationContext ?? 'request'), message: sentence(keyword, params['pattern'], message ?? 'is not valid') };
  });
}

function sentence(keyword: string, pattern: unknown, message: string): string {
  if (keyword === 'required') return 'is missing';
  if (keyword === 'additionalProperties') return 'is not known here';
  if (pattern === PRINTABLE || pattern === PRINTABLE_LINES) return 'must not contain control characters or broken Unicode';
  return message;
}
