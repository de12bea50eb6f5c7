import { describe, expect, it, vi } from 'vitest';
import { analyse, finalRuns } from './analyse.ts';
import type { ProcessUse } from './collect/sampler.ts';
import type { Run } from './run.ts';
import { runsOf } from './testing/runs.ts';

vi.setConfig({ testTimeout: 60_000 }); // the bootstrap takes CPU that a busy machine may take long to give

/** Of an experiment that has been done. */
const analysed = (runs: readonly Run[]) => analyse(runs, finalRuns(runs).length);

describe('analyse', () => {
  it('says how much of ideal ten replicas reach', () => {
    const { valid, verdict, cause, levels, fit, goals } = analysed(runsOf({ g: 120, a: 0.004, b: 0.0001 }));
    expect(valid).toBe(true);
    expect(cause).toBe('none');
    expect(verdict).toMatch(/^Ten replicas did 9\.\d times the work of one \(9\d\.\d% of ideal\)\.$/);
    expect(levels.map(({ n }) => n)).toEqual([1, 2, 3, 4, 6, 8, 10]);
    expect(fit?.intervals?.a[0]).toBeLessThanOrEqual(0.004);
    expect(goals.every(({ met }) => met)).toBe(true);
  });

  it('names contention', () => {
    const { valid, verdict, cause, goals } = analysed(runsOf({ g: 120, a: 0.08, b: 0 }));
    expect(valid).toBe(true);
    expect(cause).toBe('contention');
    expect(verdict).toMatch(/E\(10\) is 0\.5\d+, not at least 0\.90.*contention/);
    expect(goals.some(({ met }) => met)).toBe(false);
  });

  it('names coherency', () => {
    expect(analysed(runsOf({ g: 120, a: 0, b: 0.006 }))).toMatchObject({ cause: 'coherency', valid: true });
    expect(analysed(runsOf({ g: 120, a: 0, b: 0.1 }, { counts: [1, 2, 4, 8] }))).toMatchObject({ cause: 'coherency', valid: true });
  });

  it('is content with little contention nowhere but beside an efficiency that is a goal', () => {
    const { goals, verdict } = analysed(runsOf({ g: 120, a: 0, b: 0.05 }, { counts: [1, 2, 3] }));
    expect(goals).toEqual([]);
    expect(verdict).toContain('No goal is set for these numbers.');
  });

  it.each([
    [[1, 2, 4], 180],
    [[1, 2, 3, 4, 6, 8, 10], 400],
  ])('names contention where something that %j share is full', (counts, most) => {
    const runs = runsOf({ g: 65, a: 0, b: 0 }, { counts }).map((run) => ({ ...run, capacity: Math.min(run.capacity, most) }));
    expect(analysed(runs)).toMatchObject({ cause: 'contention', valid: true });
  });

  it('claims nothing when a gate is broken, and says which', () => {
    const { valid, cause, verdict, gates } = analysed(runsOf({ g: 120, a: 0.004, b: 0 }, { bent: { use: { generator: 0.95 } } }));
    expect(valid).toBe(false);
    expect(cause).toBe('void');
    expect(verdict).toMatch(/^Void: 21 of 21 runs broke the gate “generator”/);
    expect(gates.find(({ name }) => name === 'generator')).toMatchObject({ passed: false, runs: 21, passedRuns: 0 });
  });

  it('names what is waited for when replicas have CPU left', () => {
    const idle = (busy: string) =>
      analysed(
        runsOf(
          { g: 120, a: 0.01, b: 0.05 },
          {
            counts: [1, 2, 4],
            bent: {
              process: (one) => ({ ...one, cores: one.name.startsWith('api-') ? 0.02 : one.name === busy ? 0.97 : one.cores }),
            },
          },
        ),
      );
    expect(idle('redis-state')).toMatchObject({ valid: false, cause: 'contention' });
    expect(idle('redis-state').verdict).toMatch(/contention.*4 of them used 40% of their quotas, and redis-state used 97% of a core/);
    expect(idle('nothing').verdict).toMatch(/may have waited for a lock/);
    expect(idle('nothing').verdict).toMatch(/the gate “bound” is broken: this shows a limit/);
  });

  it('counts a run that was done again as it was the last time', () => {
    const [first, ...others] = runsOf({ g: 120, a: 0, b: 0 }, { counts: [1, 2, 4] });
    if (!first) throw new Error('there are no runs');
    const repeated = [{ ...first, valid: false, capacity: 1 }, first, ...others];
    expect(finalRuns(repeated)).toHaveLength(9);
    expect(analysed(repeated).valid).toBe(true);
    expect(analysed([first, ...others, { ...first, valid: false }]).valid).toBe(false);
  });

  it('counts every run of one replica in a round', () => {
    const all = runsOf({ g: 120, a: 0, b: 0 }, { counts: [1, 2, 1, 4], noise: 0 });
    expect(finalRuns(all)).toHaveLength(12);
    const faster = all.map((run) => (run.n === 1 && run.turn === 0 ? { ...run, capacity: 132 } : run));
    expect(analysed(faster).levels[0]).toMatchObject({ runs: 6, capacity: 126 });
    expect(analysed(all.map((run) => (run.n === 1 && run.turn === 0 ? { ...run, valid: false } : run))).valid).toBe(false);
  });

  it('claims no contention where CPU was left and ten do ten times the work of one all the same', () => {
    const bent = {
      process: (one: ProcessUse) => ({ ...one, cores: one.name.startsWith('api-') ? 0.045 : one.cores }),
    };
    expect(analysed(runsOf({ g: 120, a: 0, b: 0 }, { bent, noise: 0 }))).toMatchObject({ valid: false, cause: 'none' });
  });

  it('proves nothing before all runs have been', () => {
    const { valid, verdict } = analyse(runsOf({ g: 120, a: 0, b: 0 }, { counts: [1, 2, 4] }), 12);
    expect(valid).toBe(false);
    expect(verdict).toMatch(/^Not done, 9 of 12 runs, so it proves nothing yet\. Four replicas did/);
  });

  it('says that nothing was promised for some numbers', () => {
    const { valid, verdict, goals } = analysed(runsOf({ g: 120, a: 0.9, b: 0 }, { counts: [1, 2] }));
    expect({ valid, goals }).toEqual({ valid: true, goals: [] });
    expect(verdict).toMatch(/No goal is set for these numbers\.$/);
    expect(analysed(runsOf({ g: 120, a: 0, b: 0 }, { counts: [1] })).verdict).toMatch(/^One of them did 1\d\d\.\d requests a second\./);
  });

  it('fits nothing to fewer than three numbers of replicas', () => {
    expect(analysed(runsOf({ g: 120, a: 0, b: 0 }, { counts: [1, 2] })).fit).toBeNull();
  });
});
