import createError from '@fastify/error';
import { Ajv, type Options } from 'ajv';
import addFormats from 'ajv-formats';
import fp from 'fastify-plugin';
import { withHeaders } from './problems.ts';

const Encoded = createError('UNSUPPORTED_MEDIA_TYPE', 'A body is JSON in UTF-8, and not compressed', 415);
const OTHER_CHARSET = /;\s*charset\s*=(?!\s*"?utf-8)/i;

/** Unknown fields are refused, never dropped in silence; the first error is enough, and bounds the work on a hostile body. */
const OPTIONS: Options = { removeAdditional: false, useDefaults: true, allErrors: false, strict: true, strictTypes: false };

/**
 * As Postgres writes them. The format of ajv-formats also takes `urn:uuid:…`, which Postgres does not, and capitals, under
 * which nothing is cached.
 */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Everything in a URL is text, so numbers and booleans are read from it; in a JSON body a number in quotes is an error. */
export const validationPlugin = fp(
  async (app) => {
    app.removeContentTypeParser('text/plain'); // JSON is the only body there is
    // Read as plain UTF-8 they would be nonsense, and the client at a loss why.
    app.addHook('preParsing', (request, _reply, _payload, done) => {
      const { 'content-encoding': encoding, 'content-type': type } = request.headers;
      const isPlain = (encoding === undefined || encoding === 'identity') && !(type !== undefined && OTHER_CHARSET.test(type));
      if (isPlain) done();
      else done(withHeaders(new Encoded(), { 'accept-encoding': 'identity' }));
    });
    const url = createAjv({ ...OPTIONS, coerceTypes: true });
    const body = createAjv({ ...OPTIONS, coerceTypes: false });
    app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? body : url).compile(Object(schema)));
  },
  { name: 'validation', dependencies: ['problems'] },
);

function createAjv(options: Options): Ajv {
  return addFormats.default(new Ajv(options)).addFormat('uuid', UUID);
}
