import type { Clock } from '../platform/clock.ts';

/** `behind`: the store has not seen our write yet. `expired`: it should have; do one live GET, then call `settled`. */
export type Consistency = 'current' | 'behind' | 'expired';

export interface OwnWritesOptions {
  readonly clock: Clock;
  /** How long the store may lag before the caller looks for itself. Default 5 s. */
  readonly patienceMs?: number;
}

interface Write {
  readonly version: string;
  readonly at: number;
  /** Somebody asked, and was told to wait. */
  awaited: boolean;
}

/**
 * Remembers the version that our last write of a key came to, until the store has caught up with it, so that no
 * reconcile acts on a view older than its own write. Memory is O(keys whose write has not come back), provided that
 * `seen` is told of every stored version and `forget` of every deletion.
 */
export class OwnWrites {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #writes = new Map<string, Write>();

  constructor(options: OwnWritesOptions) {
    this.#clock = options.clock;
    this.#patienceMs = options.patienceMs ?? 5000;
  }

  /** Keys whose write the store has not shown yet. */
  get size(): number {
    return this.#writes.size;
  }

  /**
   * We wrote the object, and the server answered with this resourceVersion. The highest one counts. `stored`: what the
   * store holds by now; the watch is at times faster than the answer, and then there is nothing to wait for.
   */
  wrote(key: string, resourceVersion: string, stored?: string): void {
    if (stored !== undefined && hasReached(stored, resourceVersion)) return;
    const known = this.#writes.get(key);
    if (known !== undefined && hasReached(known.version, resourceVersion)) return;
    const awaited = known?.awaited ?? false;
    this.#writes.set(key, { version: resourceVersion, at: this.#clock.monotonic(), awaited });
  }

  /** Whether a reconcile may act on the stored version (undefined: the store has no such object). */
  check(key: string, stored: string | undefined): Consistency {
    const write = this.#writes.get(key);
    if (write === undefined) return 'current';
    if (stored !== undefined && hasReached(stored, write.version)) {
      this.#writes.delete(key);
      return 'current';
    }
    write.awaited = true;
    return this.#clock.monotonic() - write.at >= this.#patienceMs ? 'expired' : 'behind';
  }

  /** Milliseconds until `check` turns from `behind` to `expired`; 0 where nothing is awaited. */
  remainingMs(key: string): number {
    const write = this.#writes.get(key);
    return write === undefined ? 0 : Math.max(0, write.at + this.#patienceMs - this.#clock.monotonic());
  }

  /** Whether this very version is our last write: news to nobody. */
  isOwn(key: string, resourceVersion: string): boolean {
    return this.#writes.get(key)?.version === resourceVersion;
  }

  /**
   * The store holds this version now. Returns true when that ends the wait of somebody whom `check` sent away: then the
   * key is worth another look at once.
   */
  seen(key: string, resourceVersion: string): boolean {
    const write = this.#writes.get(key);
    if (write === undefined || !hasReached(resourceVersion, write.version)) return false;
    this.#writes.delete(key);
    return write.awaited;
  }

  /** A live GET was done; it settles the matter whatever version it brought. */
  settled(key: string): void {
    this.#writes.delete(key);
  }

  /** The object is gone from the store by an event, or nobody cares for it any more. */
  forget(key: string): void {
    this.#writes.delete(key);
  }
}

/** resourceVersions are decimal numbers beyond 2^53; one that is not (a server of another kind) is only ever equal. */
function hasReached(stored: string, written: string): boolean {
  if (stored === written) return true;
  if (!/^\d+$/.test(stored) || !/^\d+$/.test(written)) return false;
  return BigInt(stored) >= BigInt(written);
}
