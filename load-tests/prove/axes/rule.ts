/** When there are to be more replicas, or fewer. */
export const RULE = {
  /** The part of their CPU that replicas are to use. */
  target: 0.7,
  /** Nothing is done for less than this, as a part of the target: it would be undone at the next look. */
  tolerance: 0.1,
  /** Seconds between two looks, and looks for which fewer have to be enough. */
  pause: 1,
  patience: 4,
};

/** How many replicas would use the target. @param used part of the CPU of all of them. */
export function desiredReplicas(now: number, used: number, most: number): number {
  if (Math.abs(used / RULE.target - 1) <= RULE.tolerance) return now;
  return Math.min(most, Math.max(1, Math.ceil((now * used) / RULE.target)));
}
