import type { Clock } from '../../platform/clock.ts';

/** Places at a steady rate, with a small burst: for work that may wait, such as publishing everything again after a failover. */
export interface Pacer {
  /** Takes a place if one is free now. */
  take(): boolean;
}

export function createPacer(clock: Clock, perSecond: number, burst: number): Pacer {
  let places = burst;
  let filledAt = clock.monotonic();
  return {
    take() {
      const now = clock.monotonic();
      places = Math.min(burst, places + ((now - filledAt) / 1_000) * perSecond);
      filledAt = now;
      if (places < 1) return false;
      places -= 1;
      return true;
    },
  };
}
