import type { Clock } from '../../platform/clock.ts';

/** Places at a steady rate, for work that may wait, such as publishing everything again after a failover. */
export interface Pacer {
  /**
   * Milliseconds until the place of this key; 0 means that it has come, and is taken. A key that asked keeps its place in the
   * line until then, so that thousands which wait ask about once each.
   */
  take(key: string): number;
}

export function createPacer(clock: Clock, perSecond: number, burst: number): Pacer {
  const spacing = 1_000 / perSecond;
  const places = new Map<string, number>();
  // The line begins so far in the past that a burst goes at once.
  let next = clock.monotonic() - burst * spacing;
  return {
    take(key) {
      const now = clock.monotonic();
      const held = places.get(key);
      if (held === undefined) next = Math.max(next + spacing, now - burst * spacing);
      const place = held ?? next;
      if (place <= now) {
        places.delete(key);
        return 0;
      }
      places.set(key, place);
      return Math.ceil(place - now);
    },
  };
}
