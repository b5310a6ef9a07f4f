import type { Random } from '../platform/random.ts';

export interface BackoffBounds {
  /** The shortest delay, in milliseconds; also the ceiling of the first one. */
  readonly baseMs: number;
  /** The highest ceiling, in milliseconds. */
  readonly maxMs: number;
}

/** The longest delay after `failures` failures before this one: `baseMs · 2^failures`, at most `maxMs`. */
export function backoffCeilingMs(failures: number, bounds: BackoffBounds): number {
  // 2^1024 is Infinity, which the minimum turns into the maximum; no failure count can overflow.
  return Math.min(bounds.maxMs, bounds.baseMs * 2 ** failures);
}

/**
 * A delay drawn evenly between `baseMs` and the ceiling (full jitter), so that keys which failed together do not
 * come back together. It never falls below `baseMs`: bad luck must not make a hot loop.
 */
export function backoffMs(failures: number, bounds: BackoffBounds, random: Random): number {
  const ceiling = backoffCeilingMs(failures, bounds);
  const floor = Math.min(bounds.baseMs, ceiling);
  return floor + random.fraction() * (ceiling - floor);
}
