import { describe, expect, it } from 'vitest';
import { ask, type Answer } from '../client.ts';
import type { Subject } from '../subject.ts';

const REQUEST_ID = 'client-chose-this-1';

export function describeProblems(subject: () => Subject): void {
  describe('what goes wrong', () => {
    it.each([
      { what: 'a replica', by: /^api-\d+$/, send: (url: string) => askFor(url, 'GET', '/v1/no-such-thing'), is: [404, 'not_found'] },
      {
        what: 'a replica',
        by: /^api-\d+$/,
        send: (url: string) => askFor(url, 'GET', '/v1/products?limit=0'),
        is: [400, 'invalid_request'],
      },
      { what: 'the edge', by: /^edge$/, send: (url: string) => askFor(url, 'PROPFIND', '/v1/products'), is: [405, 'method_not_allowed'] },
      { what: 'the edge', by: /^edge$/, send: (url: string) => askFor(url, 'POST', '/v1/orders', TOO_MUCH), is: [413, 'body_too_large'] },
    ])('is told by $what as a problem, in the same words: $is', async ({ by, send, is: [status, code] }) => {
      const answer = await send(subject().url);
      expect(answer.servedBy).toMatch(by);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(answer.headers.get('x-request-id')).toBe(REQUEST_ID);
      expect(answer.body).toMatchObject({
        type: `urn:tenfold:problem:${code}`,
        title: expect.any(String),
        status,
        detail: expect.any(String),
        instance: expect.stringMatching('^/v1/'),
        code,
        requestId: REQUEST_ID,
      });
      expect(answer.status).toBe(status);
    });
  });
}

/** The edge takes 1 MiB. */
const TOO_MUCH = { note: 'x'.repeat(2 ** 20) };

function askFor(url: string, method: string, path: string, payload?: object): Promise<Answer> {
  return ask(url + path, method, payload, { 'x-request-id': REQUEST_ID });
}
