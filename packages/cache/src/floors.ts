import { covers, type Position } from '@tenfold/runtime';
import { FLOOR_LIFETIME } from './remote.ts';

/**
 * The positions below which no entry of a key may be stored: those of its latest invalidations. They are kept apart from
 * the entries, which can be evicted, and dropped once every fill that began before them must have ended.
 */
export function createFloors(now: () => number = Date.now) {
  const floors = new Map<string, { position: Position; until: number }>();

  const dropOld = () => {
    for (const [key, { until }] of floors) {
      if (until > now()) return; // in order of time: the rest is younger
      floors.delete(key);
    }
  };

  return {
    raise(key: string, position: Position) {
      dropOld();
      const raised = later(floors.get(key)?.position, position) ?? position;
      floors.delete(key);
      floors.set(key, { position: raised, until: now() + FLOOR_LIFETIME });
    },
    of(key: string): Position | undefined {
      const floor = floors.get(key);
      return floor && floor.until > now() ? floor.position : undefined;
    },
  };
}

export type Floors = ReturnType<typeof createFloors>;

/** The later of two positions. */
export function later(a: Position | undefined, b: Position | undefined): Position | undefined {
  if (!a || !b) return a ?? b;
  return covers(a, b) ? a : b;
}
