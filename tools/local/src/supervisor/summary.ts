import { relative } from 'node:path';
import { httpGet } from '../process/http-get.ts';
import type { Ground } from './boot.ts';

interface Sample {
  slug: string;
  sku: string;
}

/** What a person sees when the cluster is ready: where to look, and three things to try. */
export async function summary(ground: Ground, url: string): Promise<string> {
  const { slug, sku } = await sample(url);
  const { place, options, ports } = ground;
  const credentials = relative(process.cwd(), place.credentials) || place.credentials;
  const account = `$(node -p 'JSON.stringify(JSON.parse(fs.readFileSync("${credentials}")).staff)')`;
  return `
Tenfold is up: ${count(options.api, 'API replica')}, ${count(options.workers, 'worker')}, a PostgreSQL primary with ${options.replicas} streaming replicas, two Redis servers, nginx.

  API        ${url}/v1/products
  reference  ${url}/docs
  OpenAPI    ${url}/openapi.json
  metrics    http://127.0.0.1:${ports.apiMetrics(1)}/metrics (of api-1; the edge does not publish them)
  mails      ${place.mail} (what would be sent, a file each)
  logs       ${place.logs}

Try a list, a product, and a change of its stock, for which it signs in as staff:

  curl -si '${url}/v1/products?limit=3'
  curl -si ${url}/v1/products/${slug}
  curl -si -X PUT ${url}/v1/variants/${sku}/stock -H 'content-type: application/json' -d '{"available": 7}' \\
    -H "authorization: Bearer $(curl -s ${url}/v1/auth/login -H 'content-type: application/json' -d "${account}" \\
    | node -p 'JSON.parse(fs.readFileSync(0)).accessToken')"

npm run cluster -- status | scale api=10 | kill api-3 | drain api-3 | logs api-3 -f | --help
`;
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;

/** The first product, which is also the first request through the edge. @throws Error when it is not answered by 200. */
async function sample(url: string): Promise<Sample> {
  const answer = await httpGet(`${url}/v1/products?limit=1`, 10_000);
  if (answer.status !== 200) throw new Error(`${url}/v1/products answers ${answer.status}: ${answer.body}`);
  const body: unknown = JSON.parse(answer.body);
  return { slug: stringAt(body, 'items', 0, 'slug'), sku: stringAt(body, 'items', 0, 'variants', 0, 'sku') };
}

function stringAt(value: unknown, ...path: (string | number)[]): string {
  let at = value;
  for (const key of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
  return typeof at === 'string' ? at : 'UNKNOWN';
}
