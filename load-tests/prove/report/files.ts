import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Proof } from '../proof.ts';
import { throughputChart } from './charts.ts';
import { renderPage } from './page.ts';
import { SVG_STYLE } from './style.ts';

/** Writes index.html, proof.json, runs.csv and throughput.svg (for a README) into a folder. */
export async function writeReport(folder: string, proof: Proof): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(join(folder, 'index.html'), renderPage(proof)),
    writeFile(join(folder, 'proof.json'), `${JSON.stringify(proof, null, 2)}\n`),
    writeFile(join(folder, 'runs.csv'), renderCsv(proof)),
    writeFile(join(folder, 'throughput.svg'), throughputChart({ ...proof, fit: proof.usl }).replace('>', `><style>${SVG_STYLE}</style>`)),
  ]);
}

/** One line a run. */
export function renderCsv({ runs }: Pick<Proof, 'runs'>): string {
  const names =
    'replicas,round,valid,requests_per_second,p50_ms,p95_ms,p99_ms,idle,k6_cores,edge_cores,api_cores,foreign_cores,p95_ms_at_80';
  const lines = runs.map(({ n, round, valid, capacity, saturation: { latency, use }, confirmation }) => {
    const cores = (prefix: string) => use.processes.filter(({ name }) => name.startsWith(prefix)).reduce((sum, one) => sum + one.cores, 0);
    const numbers = [
      capacity,
      latency.med,
      latency.p95,
      latency.p99,
      use.idle,
      use.generator,
      cores('edge'),
      cores('api-'),
      use.foreign,
      confirmation.latency.p95,
    ];
    return [n, round, valid, ...numbers.map((value) => Number(value.toFixed(4)))].join(',');
  });
  return `${[names, ...lines].join('\n')}\n`;
}
