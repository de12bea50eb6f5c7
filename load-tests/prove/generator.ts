import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CpuGroup, cpuGroup } from '@tenfold/cluster';
import { childEnv } from '../run/config.ts';
import { LoadError } from '../run/errors.ts';
import { type Sample, startSampler } from './collect/sampler.ts';
import { NICE } from './priority.ts';
import type { Bench } from './trial.ts';

interface Generated {
  /** What the script's handleSummary wrote. */
  summary: unknown;
  /** What all processes used meanwhile. */
  samples: Sample[];
  /** Periods in which k6 was held back by a quota. */
  throttled: number;
}

/** One thread for k6's code: more would look for work in vain and cost a third more CPU (decision 0061). */
export const ONE_THREAD = { GOMAXPROCS: '1' };

/** Bytes that k6 may have before it collects garbage. That stops it for 0.3 s, and every request then seems to take as long. */
const MEMORY = Math.round(Math.min(5 * 2 ** 30, freemem() / 2));

/**
 * Runs one script of prove/k6 against the cluster, before what else this machine does, and looks at all processes meanwhile.
 *
 * @param script its name there.
 * @param env what it reads beside TARGET, POOL, SUMMARY and TOKENS.
 * @param more of k6's own options.
 * @throws LoadError when k6 fails, or is ended because the whole experiment is.
 */
export async function generate(
  bench: Bench,
  script: string,
  env: Record<string, string>,
  more: readonly string[] = [],
): Promise<Generated> {
  const file = fileURLToPath(new URL(`k6/${script}`, import.meta.url));
  const summary = join(bench.scratch, `${basename(script, '.ts')}.json`);
  const tokens = await bench.tokens();
  let pid: number | undefined;
  const sampler = await startSampler(bench.cluster, () => pid);
  // By `nice`, so that all of k6's threads have that priority: each has its own.
  const k6 = [bench.k6.path, 'run', '--quiet', '--no-usage-report', '--no-color', '--address', '', ...more, file];
  const child = spawn('nice', ['-n', String(NICE), ...k6], {
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: bench.ended,
    env: childEnv({
      TARGET: bench.target,
      POOL: join(bench.scratch, 'pool.json'),
      SUMMARY: summary,
      TOKENS: tokens.join(','),
      GOGC: 'off',
      GOMEMLIMIT: `${MEMORY}B`,
      ...env,
    }),
  });
  pid = child.pid;
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words = (words + chunk).slice(-2000)));
  const group = bound(bench.generator, pid);
  const [code] = await once(child, 'exit').catch(async (error: unknown) => {
    // The experiment is over: what can't be read any more is not missed.
    await sampler.stop().catch(() => undefined);
    group?.remove();
    throw error;
  });
  const throttled = group?.read().throttledPeriods ?? 0;
  group?.remove();
  const samples = await sampler.stop();
  if (code !== 0) throw new LoadError(`k6 failed: ${reasonIn(words) ?? `exit code ${code}`}`);
  return { summary: JSON.parse(await readFile(summary, 'utf8')), samples, throttled };
}

/** What k6 says went wrong, without time, level and stack: its last line is `time=… level=error msg="GoError: why\\n\\tat …" …`. */
export function reasonIn(words: string): string | undefined {
  const last = words.trim().split('\n').at(-1);
  const [, message] = /msg="(?:GoError: |Error: )?(.*?)(?:\\n|")/.exec(last ?? '') ?? [];
  return message ?? (last || undefined);
}

function bound(share: number | undefined, pid: number | undefined): CpuGroup | undefined {
  if (share === undefined || pid === undefined) return undefined;
  const group = cpuGroup(`tenfold-prove-k6-${process.pid}`);
  group.limit(share);
  group.add([pid]);
  return group;
}
