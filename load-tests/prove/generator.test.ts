import { expect, it } from 'vitest';
import { reasonIn } from './generator.ts';

it.each([
  [
    'time="2026-11-30T02:33:40Z" level=info msg="one"\ntime="2026-11-30T02:33:41Z" level=error msg="GoError: The catalogue could not be read: 503\\n\\tat go.k6.io/k6 (native)\\n" hint="script exception"\n',
    'The catalogue could not be read: 503',
  ],
  ['time="2026-11-30T02:33:41Z" level=error msg="could not initialize"', 'could not initialize'],
  ['panic: out of memory', 'panic: out of memory'],
  ['', undefined],
])('reasonIn finds what k6 says in %j', (words, reason) => {
  expect(reasonIn(words)).toBe(reason);
});
