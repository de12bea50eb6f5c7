import { type Cluster, ClusterError } from '@tenfold/cluster';
import { expect, it } from 'vitest';
import { LoadError } from '../run/errors.ts';
import { onBench } from './experiment.ts';
import { FULL, type Plan, quotaFor } from './plan.ts';

const asked = { on: 'local', mix: 'browse', work: true } as const;
const plan: Plan = { ...FULL, ...quotaFor(asked), ...asked, seed: 1, tier: 'api', control: undefined };

it('puts everything in order that can be, when the work fails and when a step of that does', async () => {
  const done: string[] = [];
  const said: string[] = [];
  const cluster = new Proxy<Cluster>(Object.create(null), {
    get: (_, verb) => async () => {
      done.push(String(verb));
      if (verb === 'quota' || verb === 'renew') throw new ClusterError(`no ${verb}`);
      return verb === 'status' ? { api: [] } : [];
    },
  });
  const nobody = { cluster, k6: { path: 'k6', version: '' }, target: 'http://127.0.0.1:1', edge: null };
  await expect(
    onBench(
      nobody,
      plan,
      (line) => said.push(line),
      () => Promise.resolve(),
    ),
  ).rejects.toThrow(LoadError);
  expect(done).toEqual(['status', 'quota', 'serve', 'balance', 'maxConns', 'scale', 'renew', 'usage']);
  expect(said).toEqual(['The cluster is not as it was, restart it: no quota; no renew']);
});
