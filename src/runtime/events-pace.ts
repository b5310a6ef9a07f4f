import type { Clock } from '../platform/clock.ts';

export interface Pace {
  /** So many at once, after a rest. */
  readonly burst: number;
  /** So many per second in the long run. */
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * One token bucket per key, for the keys that were busy lately: a bucket that was not asked for so long that it is full
 * again is as good as none, and beyond `capacity` the one asked longest ago is forgotten.
 */
export class TokenBuckets {
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #capacity: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, pace: Pace, capacity: number) {
    this.#clock = clock;
    this.#pace = pace;
    this.#capacity = capacity;
  }

  /** Whether the key has a token left. Takes none. */
  has(key: string): boolean {
    return this.#level(key) >= 1;
  }

  take(key: string): void {
    const tokens = this.#level(key) - 1;
    // Deleting first moves the key to the end: the order of a Map is the order of insertion.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens, at: this.#clock.monotonic() });
    if (this.#buckets.size <= this.#capacity) return;
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }

  #level(key: string): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return this.#pace.burst;
    const seconds = (this.#clock.monotonic() - bucket.at) / 1000;
    return Math.min(this.#pace.burst, bucket.tokens + seconds * this.#pace.perSecond);
  }
}
