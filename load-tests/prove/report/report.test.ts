import { describe, expect, it, vi } from 'vitest';
import type { ProcessUse } from '../collect/sampler.ts';
import { FULL, quotaFor } from '../plan.ts';
import { type Proof, proofOf } from '../proof.ts';
import { runsOf } from '../testing/runs.ts';
import { renderCsv } from './files.ts';
import { renderPage } from './page.ts';

// Each proof takes some tenths of a second of CPU, which a busy machine may take long to give.
vi.setConfig({ testTimeout: 60_000 });

const circumstances = {
  command: 'npm run prove -- --seed 3 "&<"',
  on: 'local',
  mix: 'browse',
  startedAt: '2026-01-01T10:00:00.000Z',
  finishedAt: '2026-01-01T10:31:00.000Z',
  machine: { cpu: 'A <fast> one', cores: 2, memoryGiB: 24, kernel: 'Linux 6.18', node: 'v24.21.0', k6: 'v1.8.1', commit: 'abcdef012345' },
  plan: {
    ...FULL,
    references: 1,
    ...quotaFor({ on: 'local', mix: 'browse', work: true }),
    on: 'local' as const,
    seed: 3,
    mix: 'browse' as const,
    work: true,
    tier: 'api' as const,
    control: undefined,
  },
};
const proof = (...[law, options = {}]: Parameters<typeof runsOf>) => {
  const { counts } = { ...circumstances.plan, ...options };
  return proofOf(runsOf(law, options), { ...circumstances, plan: { ...circumstances.plan, counts } });
};

const idle = (one: ProcessUse) => ({ ...one, cores: one.name.startsWith('api-') ? 0.02 : one.cores });

describe('the page', () => {
  const page = renderPage(proof({ g: 120, a: 0.004, b: 0.0001 }));

  it('needs nothing but itself', () => {
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|src=/);
    expect(page.match(/https?:\/\/[^"]+/g)?.every((url) => url === 'http://www.w3.org/2000/svg')).toBe(true);
  });

  it('says the verdict first, with the number', () => {
    expect(page).toMatch(/<p class="verdict good">Ten replicas did 9\.\d times the work of one \(9\d\.\d% of ideal\)\.<\/p>/);
  });

  it('has no figure that is none', () => {
    expect(page).not.toMatch(/NaN|Infinity|undefined|null|\[object/);
  });

  it('shows what was typed as it was typed', () => {
    expect(page).toContain('npm run prove -- --seed 3 &quot;&amp;&lt;&quot;');
    expect(page).toContain('A &lt;fast&gt; one');
  });

  it('says what a request does beside what the API does', () => {
    expect(page).toContain('browse mix with 2 ms of work a request, 2 cores');
    const bare = { ...circumstances, plan: { ...circumstances.plan, work: false } };
    expect(renderPage(proofOf(runsOf({ g: 120, a: 0, b: 0 }), bare))).not.toContain('2 ms of work');
  });

  it('labels what was not measured as an extrapolation', () => {
    expect(page).toContain('An extrapolation, not a measurement.');
  });
});

it.each([
  ['void', proof({ g: 120, a: 0.004, b: 0 }, { bent: { use: { generator: 0.95 } } })],
  ['limited by something shared', proof({ g: 120, a: 0.1, b: 0 }, { bent: { process: idle } })],
  ['one number of replicas', proof({ g: 120, a: 0, b: 0 }, { counts: [1] })],
  ['two numbers of replicas', proof({ g: 120, a: 0, b: 0 }, { counts: [1, 2] })],
])('a proof that is %s has a page without broken figures as well', (_, one: Proof) => {
  expect(renderPage(one)).not.toMatch(/NaN|Infinity|undefined|null|\[object/);
});

it('a void proof says so before all else, and extrapolates nothing', () => {
  const page = renderPage(proof({ g: 120, a: 0.004, b: 0 }, { bent: { use: { generator: 0.95 } } }));
  expect(page).toMatch(/<p class="verdict bad">Void: 21 of 21 runs broke the gate “generator”/);
  expect(page).toContain('there is nothing to extrapolate from');
});

it('a proof that was interrupted says how far it went, also when its report is made again', () => {
  const begun = runsOf({ g: 120, a: 0.004, b: 0 }).filter(({ round }) => round < 3);
  const once = proofOf(begun, circumstances);
  expect(proofOf(once.runs, once.circumstances)).toEqual(once);
  expect(once.valid).toBe(false);
  expect(renderPage(once)).toMatch(/<p class="verdict bad">Not done, 14 of 21 runs/);
});

it('a proof without a goal is neither good nor bad', () => {
  expect(renderPage(proof({ g: 120, a: 0.9, b: 0 }, { counts: [1, 2] }))).toContain('<p class="verdict">Two replicas did');
});

it('the CSV has a line for each run', () => {
  const lines = renderCsv(proof({ g: 120, a: 0, b: 0 }, { counts: [1, 2, 4], noise: 0 }))
    .trim()
    .split('\n');
  expect(lines).toHaveLength(10);
  expect(lines[0]?.split(',')).toHaveLength(lines[1]?.split(',').length ?? 0);
  expect(lines[1]).toMatch(/^1,1,true,120,18,140,320,0\.5,/);
});
