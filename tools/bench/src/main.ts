/** `npm run bench`: what a request costs, in CPU time of the process that answers it, against the least that it could cost. */
import { parseArgs } from 'node:util';
import { type Asked, measure } from './measure.ts';
import { canPin, type Server } from './server.ts';
import { type Servers, startServers } from './servers.ts';
import { type Subject, subjects } from './subjects.ts';
import { type Line, table } from './table.ts';

const HELP = `npm run bench [-- --rounds N] [-- --seconds S] [-- --only TEXT] [-- --json]

  --rounds N    how often everything is measured, in turns (default 5)
  --seconds S   how long each measurement loads a server (default 2)
  --only TEXT   only lines whose name contains this
  --json        the result as JSON, and nothing else on stdout
`;

await main().catch((error: unknown) => {
  process.stderr.write(`tenfold bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

async function main() {
  const options = readArguments();
  if (!options) return;
  const { servers, ids, close } = await startServers(report);
  const interrupted = () => void close().then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    if (!canPin) report('taskset is missing, so nothing is pinned to a core: expect noise');
    const chosen = subjects({ ids, signedIn: await signIn(servers.api) }).filter(({ name }) => name.includes(options.only));
    const lines = await measureAll(servers, chosen, options);
    process.stdout.write(options.json ? `${JSON.stringify(lines, null, 2)}\n` : table(lines));
  } finally {
    await close();
  }
}

function report(text: string) {
  process.stderr.write(`${text}\n`);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '2' },
        only: { type: 'string', default: '' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return undefined;
    }
    const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
    if (!Number.isInteger(rounds) || rounds < 1 || !(seconds > 0))
      throw new Error('--rounds takes a whole number and --seconds a number, above 0.');
    return { rounds, seconds, only: values.only, json: values.json };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function signIn({ url }: Server): Promise<Record<string, string>> {
  const body = JSON.stringify({ email: 'bench@example.com', password: crypto.randomUUID() });
  const answer = await fetch(`${url}/v1/auth/register`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { accessToken }: { accessToken: string } = JSON.parse(await answer.text());
  return { authorization: `Bearer ${accessToken}` };
}

/** In turns, each next to its floor: what disturbs the machine disturbs both. */
async function measureAll(
  servers: Servers,
  chosen: readonly Subject[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Line[]> {
  const lines = chosen.map(({ name, goal }): Line => ({ name, goal, costs: [], ratios: [] }));
  for (let round = 1; round <= rounds; round += 1) {
    report(`round ${round} of ${rounds}`);
    for (const [index, { server, requests }] of chosen.entries()) {
      const [first] = requests;
      if (!first) continue;
      const floor = await floorOf(servers, server, first, seconds);
      const cost = await measure(servers[server], requests, seconds);
      lines[index]?.costs.push(cost);
      lines[index]?.ratios.push(cost / floor);
    }
  }
  return lines;
}

async function floorOf(servers: Servers, name: keyof Servers, asked: Asked, seconds: number): Promise<number> {
  const source = name === 'fastify' ? 'api' : name;
  const answer = await fetch(servers[source].url + asked.path, { headers: asked.headers ?? {} });
  const headers = Object.fromEntries([...answer.headers].filter(([header]) => !['date', 'connection', 'keep-alive'].includes(header)));
  const recorded = { path: asked.path.split('?')[0] ?? '', headers, body: await answer.text() };
  servers.bare.tell(recorded);
  servers.fastify.tell(recorded);
  return measure(servers.bare, [asked], seconds);
}
