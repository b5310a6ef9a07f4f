import { type Clock, sleep } from '../platform/clock.ts';
import type { KubeClient } from '../platform/kubernetes/client.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import { TokenBuckets } from './events-pace.ts';
import { type Occurrence, type Refusal, type SenderOptions, send } from './events-sender.ts';
import type { EmittedEvent } from './events-wire.ts';
import { microTime } from './lease.ts';

export type { EmittedEvent, ObjectReference } from './events-wire.ts';

/** `rate`: paced away. `queue`: the oldest of a full queue. `stopped`: not sent before the stop. */
export type DropReason = Refusal | 'rate' | 'queue' | 'stopped';

export interface EventMetrics {
  /** An Event was created or its series told. */
  sent(): void;
  /** An emit was counted into the series of an equal Event. */
  aggregated(): void;
  dropped(why: DropReason): void;
}

export interface EventOptions {
  readonly client: KubeClient;
  /** A qualified name: `patchgen.dev/controller`. */
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Events that wait, and Events that are remembered for aggregation. Default 1,000 each. */
  readonly capacity?: number;
  /** New Events with one reason, in the long run. Default 5. */
  readonly perSecond?: number;
  /** New Events with one reason, or about one object, at once. Default 25. */
  readonly burst?: number;
  readonly metrics?: EventMetrics;
}

export interface EventRecorder {
  /** Takes the event and returns at once, whatever the server does. Never throws. */
  emit(event: EmittedEvent): void;
  /** Tells what is pending, series included. Resolves when that is done or given up, at the latest after `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>;
  /** Ends the recorder. What was not sent is dropped and counted. */
  stop(): Promise<void>;
}

/** An equal event within so long is one more of the series (client-go: six minutes). */
const SERIES_MS = 360_000;
/** A series is told at its second event, at its end, and so often in between (client-go: the same). */
const SERIES_REPORT_MS = 1_800_000;
const HOUSEKEEPING_MS = 60_000;
const OBJECT_PER_SECOND = 0.1;

interface Remembered extends Occurrence {
  readonly key: string;
  queued: boolean;
  seenAt: number;
  toldAt: number;
}

/**
 * Sends events.k8s.io/v1 Events, one request at a time, so that they never compete with status writes for more than
 * one connection. Equal events (same object, type, reason, action and note) become one Event with a series. What goes
 * beyond the pace of a reason (25 at once, then 5 per second) or of an object (25, then one per 10 s) is dropped and
 * counted, not delayed: Events are a courtesy, the conditions are the truth.
 */
export function startEvents(options: EventOptions): EventRecorder {
  return new Recorder(options);
}

class Recorder implements EventRecorder {
  readonly #options: EventOptions;
  readonly #capacity: number;
  readonly #byReason: TokenBuckets;
  readonly #byObject: TokenBuckets;
  readonly #ended = new AbortController();
  readonly #sender: SenderOptions;
  /** In the order in which they were first seen. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #queue: Remembered[] = [];
  readonly #warned = new Set<DropReason>();
  #pumping: Promise<void> | undefined;
  #cancelHousekeeping: (() => void) | undefined;

  constructor(options: EventOptions) {
    const { clock, capacity = 1000, burst = 25, perSecond = 5 } = options;
    this.#options = options;
    this.#capacity = capacity;
    this.#byReason = new TokenBuckets(clock, { burst, perSecond }, capacity);
    this.#byObject = new TokenBuckets(clock, { burst, perSecond: OBJECT_PER_SECOND }, capacity);
    this.#sender = { ...options, signal: this.#ended.signal };
  }

  emit(event: EmittedEvent): void {
    if (this.#ended.signal.aborted) return;
    const key = identityOf(event);
    const now = this.#options.clock.monotonic();
    const known = this.#remembered.get(key);
    if (known !== undefined && now - known.seenAt < SERIES_MS) return this.#again(known, now);
    if (!this.#allowed(event)) return this.#drop('rate', undefined, event);
    const time = microTime(this.#options.clock.now());
    this.#remember({
      key,
      event,
      eventTime: time,
      name: undefined,
      count: 1,
      lastObservedTime: time,
      sentCount: 0,
      queued: false,
      seenAt: now,
      toldAt: now,
    });
  }

  async flush(timeoutMs: number): Promise<void> {
    for (const one of this.#remembered.values()) if (one.count > one.sentCount) this.#enqueue(one);
    const waited = new AbortController();
    const timeout = sleep(this.#options.clock, timeoutMs, waited.signal).catch(() => {});
    await Promise.race([this.#pumping, timeout]);
    waited.abort();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    this.#cancelHousekeeping?.();
    for (const one of this.#queue.splice(0)) this.#drop('stopped', undefined, one.event);
    await this.#pumping;
  }

  #again(known: Remembered, now: number): void {
    known.count += 1;
    known.seenAt = now;
    known.lastObservedTime = microTime(this.#options.clock.now());
    this.#options.metrics?.aggregated();
    // The second one is told soon, so that people see a series; the rest is left to the housekeeping.
    if (known.count === 2 && known.sentCount === 1 && this.#allowed(known.event)) this.#enqueue(known);
  }

  /** Takes a token of the reason and one of the object, if there are both. */
  #allowed(event: EmittedEvent): boolean {
    const { regarding, reason } = event;
    const object = regarding.uid ?? `${regarding.kind}/${regarding.namespace ?? ''}/${regarding.name}`;
    if (!this.#byReason.has(reason) || !this.#byObject.has(object)) return false;
    this.#byReason.take(reason);
    this.#byObject.take(object);
    return true;
  }

  #remember(one: Remembered): void {
    this.#remembered.delete(one.key);
    this.#remembered.set(one.key, one);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > this.#capacity && oldest !== undefined) this.#remembered.delete(oldest);
    this.#enqueue(one);
    this.#cancelHousekeeping ??= this.#options.clock.after(HOUSEKEEPING_MS, () => this.#keepHouse());
  }

  #enqueue(one: Remembered): void {
    if (one.queued) return;
    one.queued = true;
    this.#queue.push(one);
    if (this.#queue.length > this.#capacity) this.#dropOldest();
    this.#pumping ??= this.#pump();
  }

  #dropOldest(): void {
    const oldest = this.#queue.shift();
    if (oldest === undefined) return;
    oldest.queued = false;
    this.#giveUp(oldest);
    this.#drop('queue', undefined, oldest.event);
  }

  async #pump(): Promise<void> {
    // A turn later, so that emit returns first and `#pumping` is set.
    await Promise.resolve();
    for (let one = this.#queue.shift(); one !== undefined; one = this.#queue.shift()) {
      one.queued = false;
      if (one.count <= one.sentCount) continue; // told by a request that was under way when it was queued
      one.toldAt = this.#options.clock.monotonic();
      const sent = await send(one, this.#sender);
      if (sent.ok) this.#succeeded();
      else {
        this.#giveUp(one);
        this.#drop(this.#ended.signal.aborted ? 'stopped' : sent.why, sent.error, one.event);
      }
    }
    this.#pumping = undefined;
  }

  #succeeded(): void {
    this.#warned.clear();
    this.#options.metrics?.sent();
  }

  /** An Event that never came to be is forgotten, so that its next occurrence tries again; a series is taken as told. */
  #giveUp(one: Remembered): void {
    if (one.sentCount > 0) one.sentCount = one.count;
    else if (this.#remembered.get(one.key) === one) this.#remembered.delete(one.key);
  }

  #drop(why: DropReason, error: unknown, event: EmittedEvent): void {
    this.#options.metrics?.dropped(why);
    const fields = { why, reason: event.reason, regarding: `${event.regarding.namespace}/${event.regarding.name}` };
    const loud = (why === 'forbidden' || why === 'rejected' || why === 'unavailable') && !this.#warned.has(why);
    this.#warned.add(why);
    if (loud) this.#options.log.warn({ ...fields, err: error }, 'event dropped');
    else this.#options.log.debug(fields, 'event dropped');
  }

  /** Tells the series that are due, and forgets those that ended. Runs only while there is something to remember. */
  #keepHouse(): void {
    this.#cancelHousekeeping = undefined;
    const now = this.#options.clock.monotonic();
    for (const one of this.#remembered.values()) {
      const ended = now - one.seenAt >= SERIES_MS;
      const untold = one.count > one.sentCount;
      const due = ended || now - one.toldAt >= SERIES_REPORT_MS || one.sentCount === 1;
      if (untold && !one.queued && due && this.#allowed(one.event)) this.#enqueue(one);
      else if (ended && !untold) this.#remembered.delete(one.key);
    }
    if (this.#remembered.size === 0) return;
    this.#cancelHousekeeping = this.#options.clock.after(HOUSEKEEPING_MS, () => this.#keepHouse());
  }
}

/** Equal events are those of which a reader would say that the same happened again. */
function identityOf({ regarding, related, type, reason, action, note }: EmittedEvent): string {
  const { apiVersion, kind, namespace, name, uid } = regarding;
  return JSON.stringify([
    apiVersion,
    kind,
    namespace,
    name,
    uid,
    related?.uid ?? related?.name,
    type,
    reason,
    action,
    note,
  ]);
}
