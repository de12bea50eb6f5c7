import { localCluster } from '@tenfold/cluster';
import { findK6 } from '../run/k6.ts';
import { runExperiment } from './experiment.ts';
import { FULL, QUICK } from './plan.ts';
import { writeFileSync } from 'node:fs';

const cluster = localCluster();
const { edge } = await cluster.status();
const k6 = await findK6(console.error);
const quick = process.argv.includes('--quick');
const plan = { ...(quick ? QUICK : FULL), seed: 1 };
const t = Date.now();
const runs = await runExperiment({ cluster, k6, target: edge.url }, plan, (line) =>
  console.error(((Date.now() - t) / 1000).toFixed(0), line),
);
writeFileSync('/tmp/loadtools/runs.json', JSON.stringify(runs, null, 1));
for (const {
  n,
  search,
  saturation: { use, latency, replicas, upstreams },
} of runs) {
  console.log(
    n,
    JSON.stringify(search),
    JSON.stringify(latency),
    'k6',
    use.generator.toFixed(2),
    'idle',
    use.idle.toFixed(2),
    'foreign',
    use.foreign.toFixed(3),
    use.processes.map((p) => `${p.name} ${p.cores.toFixed(3)} ${p.throttled.toFixed(2)}`).join(', '),
    JSON.stringify(replicas),
    upstreams,
  );
}
