import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { HEAP } from './api.ts';

it('processes keep the heap that containers have', () => {
  const dockerfile = readFileSync(new URL('../../../../infra/docker/Dockerfile', import.meta.url), 'utf8');
  const command = /CMD (\["node", [^\]]*"apps\/api\/src\/main\.ts"\])/.exec(dockerfile)?.[1] ?? '';
  const flags: string[] = JSON.parse(command.replaceAll('\\\n', ''));
  expect(flags.filter((flag) => /memory|space/.test(flag))).toEqual(HEAP);
});
