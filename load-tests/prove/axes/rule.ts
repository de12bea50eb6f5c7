/** When there are to be more replicas, or fewer. */
export const RULE = {
  /** The part of what a replica can do that it is to be asked for. */
  target: 0.7,
  /** From here on nobody knows how much more is wanted: what is refused is not counted. */
  full: 0.9,
  /** Nothing is done for less than this, as a part of the target: it would be undone at the next look. */
  tolerance: 0.1,
  /** One that is ended or restarted leaves another. */
  least: 2,
  /** Seconds between two looks, and looks for which fewer have to be enough. */
  pause: 1,
  patience: 4,
  /** Requests of its own in each look: more than half of them late, and the replicas are full, however few they answer. */
  probes: 3,
};

/**
 * What each replica is asked, as a part of what it can do. Replicas past their limit answer less than before it, so that late answers count
 * for more than their number.
 *
 * @param each requests a second that a replica answers, of `capacity`. @param late of the probes.
 */
export function loadOf({ each, capacity, late }: { each: number; capacity: number; late: number }): number {
  const isFull = late > RULE.probes / 2;
  return isFull ? Math.max(RULE.full, each / capacity) : each / capacity;
}

/** How many replicas would be asked for the target. @param load what each of `now` is asked, as a part of what it can do. */
export function desiredReplicas(now: number, load: number, most: number): number {
  const within = (count: number) => Math.min(most, Math.max(RULE.least, count));
  if (load >= RULE.full) return within(now * 2);
  if (Math.abs(load / RULE.target - 1) <= RULE.tolerance) return within(now);
  return within(Math.ceil((now * load) / RULE.target));
}
