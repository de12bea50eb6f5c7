import { expect, it } from 'vitest';
import { guessFor } from './guess.ts';

const run = (n: number, each: number) => ({ n, capacity: n * each });

it.each([
  { why: 'nothing has been found', n: 4, runs: [], guess: 800 },
  { why: 'nothing passed', n: 4, runs: [run(2, 0)], guess: 800 },
  { why: 'fewer are known', n: 4, runs: [run(2, 150), run(1, 170)], guess: 600 },
  { why: 'more are known, which may have been bound', n: 1, runs: [run(1, 300), run(4, 60)], guess: 300 },
  { why: 'only more are known', n: 2, runs: [run(10, 90), run(4, 100)], guess: 200 },
  { why: 'as many are known: the last one', n: 2, runs: [run(2, 150), run(2, 130), run(1, 400)], guess: 260 },
])('begins a search of $n where $why', ({ n, runs, guess }) => {
  expect(guessFor(n, runs, 200)).toBe(guess);
});
