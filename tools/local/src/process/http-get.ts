import { request } from 'node:http';
import { text } from 'node:stream/consumers';

interface Answer {
  status: number;
  body: string;
}

/**
 * One GET over a connection of its own, closed afterwards: one that is kept alive would hold up a graceful quit.
 *
 * @throws when there is no whole answer within `timeout` milliseconds.
 */
export function httpGet(url: string, timeout = 1000): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeout / 1000} s`)), timeout);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
