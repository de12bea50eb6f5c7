/** Milliseconds between two looks at a replica. A drain begun from outside leaves 5 s to tell the edge. */
export const TICK = 500;

/** Two probes of a second each without an answer: the edge should not wait for this one. */
const SILENT_TICKS = 4;
/**
 * 10 s without an answer to anything is a hang. A replica held to a twentieth of a core answers late, but it answers;
 * counting our own ticks, and not time, keeps a supervisor that was paused itself from blaming others.
 */
const HUNG_TICKS = 20;

/** What is known of one API replica at a tick. */
export interface Health {
  name: string;
  /** Its process runs and has been ready. */
  running: boolean;
  /** Its last answer to /ready was 200. */
  ready: boolean;
  /** Ticks since it last answered anything. */
  silentTicks: number;
  /** Kept out by us: it comes or goes. */
  held: boolean;
}

export function isSilent({ silentTicks }: Health): boolean {
  return silentTicks >= SILENT_TICKS;
}

/**
 * Which replicas should get requests. One that died stays in for the 2 s after which it counts as silent: until its
 * successor listens (which it does once it can serve) connections to it are refused, the edge tries another one at no
 * cost, and a restart that takes a second then costs no reload.
 *
 * When more than half of them look unwell the cause is most likely one that they share, and taking them out would turn
 * a slow service into none: the edge stays as it is (Envoy's panic threshold, at the same half).
 *
 * @param serving the names that get requests now.
 */
export function shouldServe(replicas: readonly Health[], serving: ReadonlySet<string>): Set<string> {
  const candidates = replicas.filter(({ held }) => !held);
  const well = candidates.filter((replica) => replica.ready && !isSilent(replica));
  const panic = well.length * 2 < candidates.length;
  const kept = panic ? candidates.filter(({ name }) => serving.has(name)) : well;
  return new Set(kept.map(({ name }) => name));
}

/**
 * Which replicas hang and are to be killed now, the longest silent first. Half of them at most at once; one at a time
 * when more than half are silent, since that is rather the machine's doing.
 */
export function toReplace(replicas: readonly Health[]): string[] {
  const hung = replicas.filter(({ running, silentTicks }) => running && silentTicks >= HUNG_TICKS);
  const silent = replicas.filter((replica) => replica.running && isSilent(replica)).length;
  const absent = replicas.filter(({ running, held }) => !running && !held).length;
  const atOnce = silent * 2 > replicas.length ? 1 : Math.max(1, Math.floor(replicas.length / 2));
  return hung
    .toSorted((a, b) => b.silentTicks - a.silentTicks)
    .slice(0, Math.max(0, atOnce - absent))
    .map(({ name }) => name);
}
