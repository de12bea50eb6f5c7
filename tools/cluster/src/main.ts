import { type Action, HELP, parseInvocation } from './arguments.ts';
import type { Cluster, Progress } from './cluster.ts';
import { composeCluster } from './compose/client.ts';
import { ClusterError, UsageError } from './errors.ts';
import { formatStatus } from './format.ts';
import { localCluster } from './local/client.ts';

const show = (text: string) => void process.stdout.write(`${text}\n`);
/** What happens goes to stderr: stdout is what was asked for. */
const say: Progress = (line) => void process.stderr.write(`tenfold: ${line}\n`);

// `logs -f | head` ends us without a stack.
process.stdout.on('error', () => process.exit(0));

try {
  const { on, action } = parseInvocation(process.argv.slice(2));
  if (action.verb === 'help') show(HELP);
  else await perform(on === 'compose' ? composeCluster() : localCluster(), action);
} catch (error) {
  if (error instanceof ClusterError) say(error.message);
  else say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (error instanceof UsageError) say('--help shows what there is.');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function perform(cluster: Cluster, action: Exclude<Action, { verb: 'help' }>): Promise<void> {
  switch (action.verb) {
    case 'status': {
      const status = await cluster.status();
      return show(action.json ? JSON.stringify(status, null, 2) : formatStatus(status));
    }
    case 'scale':
      return cluster.scale(action.service, action.count, say);
    case 'kill':
      return cluster.kill(action.name);
    case 'drain':
      return cluster.drain(action.name, say);
    case 'roll':
      return cluster.roll('api', say);
    case 'promote':
      return show(JSON.stringify(await cluster.promote(say), null, 2));
    case 'start':
      return cluster.startService(action.name, say);
    case 'stop':
      return action.name === undefined ? cluster.stop(say) : cluster.stopService(action.name, say);
    case 'quota':
      return cluster.quota(action.name, action.share);
    case 'balance':
      return cluster.balance(action.by, action.weights);
    case 'max-conns':
      return cluster.maxConns(action.count);
    case 'renew':
      return cluster.renew(action.settings);
    case 'serve':
      return cluster.serve(action.count);
    case 'usage':
      return show(JSON.stringify(await cluster.usage(), null, 2));
    case 'reload-edge':
      return cluster.reloadEdge();
    case 'rotate-keys':
      return cluster.rotateKeys(say);
    case 'credentials':
      return show(JSON.stringify(await cluster.credentials(), null, 2));
    case 'logs':
      for await (const line of cluster.logs(action.name, action)) show(line);
  }
}
