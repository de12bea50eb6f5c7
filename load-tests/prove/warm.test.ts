import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { warm } from './warm.ts';

it('asks so often of each replica, in the shares of the mix, over few connections', async () => {
  const asked: string[] = [];
  let connections = 0;
  const server = createServer(({ url = '', headers }, response) => {
    asked.push(url);
    expect(headers).toMatchObject({ authorization: 'Bearer t', 'x-forwarded-for': '127.0.0.1' });
    response.end('{}');
  });
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const question = { slug: 'a', product: '/product', shelf: '/shelf', search: '/search', sku: 'A' };
  await warm([{ name: 'api-1', pid: 1, state: 'ready', port, metricsPort: 1 }], [question], ['t'], 100);
  server.close();
  const count = (path: string) => asked.filter((one) => one === path).length;
  expect([count('/product'), count('/shelf'), count('/search')]).toEqual([50, 30, 20]);
  expect(connections).toBeLessThanOrEqual(4);
});
