import { Ajv, type Options } from 'ajv';
import addFormats from 'ajv-formats';
import fp from 'fastify-plugin';

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
    const url = createAjv({ ...OPTIONS, coerceTypes: true });
    const body = createAjv({ ...OPTIONS, coerceTypes: false });
    app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? body : url).compile(Object(schema)));
  },
  { name: 'validation' },
);

function createAjv(options: Options): Ajv {
  return addFormats.default(new Ajv(options)).addFormat('uuid', UUID);
}
