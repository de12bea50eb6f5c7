import type { Asked } from './measure.ts';

/** One line of the table: what is asked of whom, against the bare server that sends the same bytes. */
export interface Subject {
  name: string;
  server: 'api' | 'api-uncached' | 'fastify' | 'pg' | 'prisma';
  requests: readonly Asked[];
  /** The ratio to stay below. */
  goal?: number;
}

interface Material {
  /** Product ids, more than a replica keeps while they are fresh. */
  ids: readonly string[];
  /** Headers of somebody signed in. */
  signedIn: Record<string, string>;
}

/** As many different requests as the generator cycles through. */
const MANY = 500;

/** The lowest price of a page: each asks for another one. */
const from = (index: number) => 500 + index * 7;

export function subjects({ ids, signedIn }: Material): Subject[] {
  const [id] = ids;
  const one = `/v1/products/${id}`;
  const many = ids.slice(0, MANY);
  return [
    { name: 'product by id, cached', server: 'api', requests: [{ path: one }], goal: 2.2 },
    { name: 'product by id, cached, with a token', server: 'api', requests: [{ path: one, headers: signedIn }], goal: 2.6 },
    { name: 'product by id, uncached', server: 'api-uncached', requests: many.map((each) => ({ path: `/v1/products/${each}` })), goal: 5 },
    {
      name: 'list of 20, uncached',
      server: 'api-uncached',
      requests: many.map((_, index) => ({ path: `/v1/products?sort=price&minPrice=${from(index)}` })),
      goal: 9,
    },
    { name: 'GET /v1/me', server: 'api', requests: [{ path: '/v1/me', headers: signedIn }], goal: 6 },
    { name: 'reference: Fastify, same bytes', server: 'fastify', requests: [{ path: one }] },
    { name: 'reference: Fastify + pg, by id', server: 'pg', requests: many.map((each) => ({ path: `/product/${each}` })) },
    {
      name: 'reference: Fastify + pg, 20 rows',
      server: 'pg',
      requests: many.map((_, index) => ({ path: `/products?from=${from(index)}` })),
    },
    { name: 'reference: Fastify + Prisma, by id', server: 'prisma', requests: many.map((each) => ({ path: `/product/${each}` })) },
    {
      name: 'reference: Fastify + Prisma, 20 rows',
      server: 'prisma',
      requests: many.map((_, index) => ({ path: `/products?from=${from(index)}` })),
    },
  ];
}
