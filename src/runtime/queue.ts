import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import { type BackoffBounds, backoffMs } from './backoff.ts';
import type { Delayed } from './delay-heap.ts';
import { DelayTimer } from './delay-timer.ts';
import { Lanes, type Linked } from './queue-lanes.ts';

/** What the queue tells of itself; the names of the series are those of client-go's `workqueue_*`. */
export interface QueueMetrics {
  /** Keys that wait for a worker now. */
  depth(keys: number): void;
  /** A key that was not waiting was added. */
  added(): void;
  /** Seconds from the add to the take. */
  waited(seconds: number): void;
  /** Seconds from the take to the done. */
  worked(seconds: number): void;
  /** A key was added with backoff. */
  retried(): void;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Default 5 ms. */
  readonly baseDelayMs?: number;
  /** Default 1,000 s. */
  readonly maxDelayMs?: number;
  readonly metrics?: QueueMetrics;
}

export interface AddOptions {
  /** Behind every fresh change: for the initial list and the resync. */
  readonly low?: boolean;
}

/** Everything the queue knows of one key. It lives while the key waits, is worked on, is delayed, or has failures. */
interface Entry extends Delayed, Linked<Entry> {
  readonly key: string;
  /** An add is owed to a worker: the entry stands in a lane, or, while it is worked on, will at `done`. */
  dirty: boolean;
  processing: boolean;
  /** The lane that the run under way, or the last one, came from: retries go back there. */
  ranLow: boolean;
  delayLow: boolean;
  failures: number;
  addedAt: number;
  startedAt: number;
}

/**
 * A queue of keys with these laws: one worker per key; an add while the key is worked on runs exactly once more; equal
 * adds collapse; fresh keys first in, first out, the low lane behind them with a guaranteed share; a fresh add promotes
 * a low one. Memory is O(keys that are queued, worked on, delayed or failing). After client-go's workqueue.
 *
 * A pending delay is superseded when its key is taken earlier: the run reads the world anew and decides what comes next.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #bounds: BackoffBounds;
  readonly #metrics: QueueMetrics | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #lanes = new Lanes<Entry>();
  readonly #delays: DelayTimer<Entry>;
  readonly #takers = new Set<(key: string | undefined) => void>();
  #shutDown = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#bounds = { baseMs: options.baseDelayMs ?? 5, maxMs: options.maxDelayMs ?? 1_000_000 };
    this.#metrics = options.metrics;
    this.#delays = new DelayTimer(options.clock, (entry) => this.#enqueue(entry, entry.delayLow));
  }

  /** Keys that wait for a worker: not those delayed, nor those worked on. */
  get length(): number {
    return this.#lanes.size;
  }

  /** Keys that the queue remembers for any reason. */
  get known(): number {
    return this.#entries.size;
  }

  add(key: string, options?: AddOptions): void {
    if (!this.#shutDown) this.#enqueue(this.#entry(key), options?.low ?? false);
  }

  /** Adds the key after `ms`. Of several delays of one key the earliest counts; at or below 0 it is an `add`. */
  addAfter(key: string, ms: number, options?: AddOptions): void {
    if (this.#shutDown) return;
    const entry = this.#entry(key);
    const low = options?.low ?? entry.ranLow;
    if (!(ms > 0)) return this.#enqueue(entry, low);
    const due = this.#clock.monotonic() + ms;
    const waiting = entry.slot >= 0;
    entry.delayLow = waiting ? entry.delayLow && low : low;
    if (waiting && entry.due <= due) return;
    this.#delays.set(entry, due);
  }

  /** Counts a failure of the key and adds it after its backoff. Returns the delay in milliseconds. */
  addRateLimited(key: string): number {
    const entry = this.#entry(key);
    const ms = backoffMs(entry.failures, this.#bounds, this.#random);
    if (this.#shutDown) {
      this.#release(entry);
      return ms;
    }
    entry.failures += 1;
    this.#metrics?.retried();
    this.addAfter(key, ms);
    return ms;
  }

  /** Ends the backoff of the key: its next failure starts from the base again. Takes no add back. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.failures = 0;
    this.#release(entry);
  }

  /** Failures of the key since the last `forget`. */
  retries(key: string): number {
    return this.#entries.get(key)?.failures ?? 0;
  }

  /**
   * The next key, now or once there is one; it is the caller's until `done`. Resolves to undefined after `shutDown`
   * or when the signal aborts.
   */
  take(signal?: AbortSignal): Promise<string | undefined> {
    if (this.#shutDown || signal?.aborted) return Promise.resolve(undefined);
    const entry = this.#lanes.shift();
    if (entry !== undefined) {
      this.#metrics?.depth(this.length);
      return Promise.resolve(this.#begin(entry));
    }
    return new Promise((resolve) => {
      const hand = (key: string | undefined): void => {
        this.#takers.delete(hand);
        signal?.removeEventListener('abort', abort);
        resolve(key);
      };
      const abort = (): void => hand(undefined);
      this.#takers.add(hand);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Gives the key back after the work. What was added meanwhile runs once more. */
  done(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || !entry.processing) return;
    entry.processing = false;
    this.#metrics?.worked((this.#clock.monotonic() - entry.startedAt) / 1000);
    if (entry.dirty && !this.#shutDown) return this.#offer(entry);
    this.#release(entry);
  }

  /** Seconds of work under way: of all keys together, and of the one that runs longest. O(keys); for the scrape. */
  unfinished(): { readonly totalSeconds: number; readonly longestSeconds: number } {
    const now = this.#clock.monotonic();
    let total = 0;
    let longest = 0;
    for (const entry of this.#entries.values()) {
      if (!entry.processing) continue;
      total += now - entry.startedAt;
      longest = Math.max(longest, now - entry.startedAt);
    }
    return { totalSeconds: total / 1000, longestSeconds: longest / 1000 };
  }

  /** Ends the intake for good: each `take` resolves to undefined, whatever still waits, and adds are ignored. */
  shutDown(): void {
    if (this.#shutDown) return;
    this.#shutDown = true;
    this.#delays.clear();
    for (const hand of this.#takers) hand(undefined);
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = {
      key,
      dirty: false,
      low: false,
      processing: false,
      ranLow: false,
      delayLow: false,
      failures: 0,
      addedAt: 0,
      startedAt: 0,
      due: 0,
      slot: -1,
      before: undefined,
      behind: undefined,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #enqueue(entry: Entry, low: boolean): void {
    if (entry.dirty) return this.#promote(entry, low);
    entry.dirty = true;
    entry.low = low;
    entry.addedAt = this.#clock.monotonic();
    this.#metrics?.added();
    if (!entry.processing) this.#offer(entry);
  }

  #promote(entry: Entry, low: boolean): void {
    if (low || !entry.low) return;
    if (entry.processing) entry.low = false;
    else this.#lanes.promote(entry);
  }

  /** Hands a dirty, idle entry to a taker that waits, or lines it up. */
  #offer(entry: Entry): void {
    const [hand] = this.#takers;
    if (hand !== undefined) return hand(this.#begin(entry));
    this.#lanes.push(entry);
    this.#metrics?.depth(this.length);
  }

  #begin(entry: Entry): string {
    entry.dirty = false;
    entry.processing = true;
    entry.ranLow = entry.low;
    entry.startedAt = this.#clock.monotonic();
    this.#delays.unset(entry);
    this.#metrics?.waited((entry.startedAt - entry.addedAt) / 1000);
    return entry.key;
  }

  /** Drops an entry about which there is nothing left to remember. */
  #release(entry: Entry): void {
    if (entry.dirty || entry.processing || entry.failures > 0 || entry.slot >= 0) return;
    this.#entries.delete(entry.key);
  }
}
