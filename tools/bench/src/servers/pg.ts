/** Fastify with one prepared statement of `pg` a request, as plain as it gets. */
import Fastify from 'fastify';
import pg from 'pg';
import { readConfig } from '../config.ts';
import { listen } from './listen.ts';

const pool = new pg.Pool({ connectionString: readConfig().DATABASE_URL, max: 5 });
const app = Fastify();
const COLUMNS = 'id, slug, name, description, images, price_amount, updated_at';

app.get<{ Params: { id: string } }>('/product/:id', async ({ params }) => {
  const { rows } = await pool.query({ name: 'one', text: `SELECT ${COLUMNS} FROM products WHERE id = $1`, values: [params.id] });
  return rows[0];
});
app.get<{ Querystring: { from: string } }>('/products', async ({ query }) => {
  const text = `SELECT ${COLUMNS} FROM products WHERE price_amount >= $1 ORDER BY price_amount, id LIMIT 20`;
  return (await pool.query({ name: 'twenty', text, values: [query.from] })).rows;
});
await app.ready();
listen(app.server);
