import { ClusterError, type CpuGroup, cpuGroup, type ProcessUsage, type Progress } from '@tenfold/cluster';
import { messageOf } from '../process/message-of.ts';
import { treeOf, usageOfTree } from './process-tree.ts';

/** A process that a quota can be set for. */
interface Subject {
  readonly name: string;
  readonly pid: number | undefined;
}

export interface Quotas {
  /**
   * Bounds the CPU of a process with all its children, or takes the bound away.
   *
   * @param name of a process, or `api` for all replicas, those to come included.
   * @param share of one core; undefined for no bound.
   * @throws ClusterError where the machine doesn't offer it.
   */
  set(name: string, share: number | undefined): void;
  /**
   * Puts a process under its quota; to be called when it is ready, since a start at a twentieth of a core takes a minute.
   * Never throws: it serves without a quota as well, and the note says so.
   */
  apply(subject: Subject): void;
  /** To be called when a process is about to start: what the one of its name before it used is counted no more. */
  forget(subject: Subject): void;
  usage(): ProcessUsage[];
  /** Removes the groups of processes that have ended. */
  clear(): void;
}

/**
 * @param id tells the groups of this cluster from those of others.
 * @param note says something that a person should find in the supervisor's log.
 */
export function createQuotas(id: string, subjects: () => readonly Subject[], note: Progress): Quotas {
  const wanted = new Map<string, number | undefined>();
  const groups = new Map<string, CpuGroup>();
  const groupOf = (name: string) => {
    const group = groups.get(name) ?? cpuGroup(`tenfold-${id}/${name}`);
    groups.set(name, group);
    return group;
  };
  const shareOf = (name: string) => (wanted.has(name) ? wanted.get(name) : isApi(name) ? wanted.get('api') : undefined);

  const apply = ({ name, pid }: Subject) => {
    const share = shareOf(name);
    // What never had a quota stays in the group that it was started in.
    if (pid === undefined || (share === undefined && !groups.has(name))) return;
    const group = groupOf(name);
    group.limit(share);
    group.add(treeOf(pid));
  };
  return {
    set(name, share) {
      const concerned = subjects().filter((subject) => subject.name === name || (name === 'api' && isApi(subject.name)));
      if (concerned.length === 0) throw new ClusterError(`There is no ${name} to bound.`);
      // What is said of all replicas holds for each, whatever was said of one before.
      if (name === 'api') for (const key of [...wanted.keys()].filter(isApi)) wanted.delete(key);
      wanted.set(name, share);
      concerned.forEach(apply);
    },
    apply(subject) {
      try {
        apply(subject);
      } catch (error) {
        note(messageOf(error));
      }
    },
    forget({ name }) {
      groups.get(name)?.remove();
      groups.delete(name);
    },
    usage: () => subjects().map((subject) => read(subject, shareOf(subject.name), groups.get(subject.name))),
    clear() {
      for (const group of groups.values()) group.remove();
      groups.clear();
      if (wanted.size > 0) cpuGroup(`tenfold-${id}`).remove();
    },
  };
}

const isApi = (name: string) => /^api-\d+$/.test(name);

function read({ name, pid }: Subject, share: number | undefined, group: CpuGroup | undefined): ProcessUsage {
  const tree = usageOfTree(pid === undefined ? [] : treeOf(pid));
  const { cpuSeconds, periods, throttledPeriods, throttledSeconds } = group?.read() ?? {
    cpuSeconds: undefined,
    periods: 0,
    throttledPeriods: 0,
    throttledSeconds: 0,
  };
  return {
    name,
    share: share ?? null,
    pid: pid ?? null,
    // The group counts nanoseconds, /proc hundredths of a second.
    cpuSeconds: cpuSeconds ?? tree.cpuSeconds,
    residentBytes: tree.residentBytes,
    periods,
    throttledPeriods,
    throttledSeconds,
  };
}
