import type { Lease, LeaseSpec } from './lease.ts';

/** A holder's word about its lease is believed up to so many times our own duration: a typo must not hold it for ever. */
const MOST_DURATIONS = 4;

/**
 * How long the last holder that we saw may still believe that it leads. Only our own clock counts: a term lasts a lease
 * duration from the moment at which we saw the record change, whatever times stand in it.
 *
 * A term ends early only by a release as client-go and we write it (no holder, a duration of one second), or by our own
 * acquisition, which is known by its acquireTime. Where a Lease that was held is gone, or its holder was edited away or
 * replaced by our name, its leader may have renewed it just before and not have heard of it yet: that starts one more
 * term. A Lease that we never saw held is free.
 */
export class LeaseTerm {
  readonly #identity: string;
  readonly #durationMs: number;
  #record = '';
  #holder: string | undefined;
  #freeAt = Number.NEGATIVE_INFINITY;
  /** How long the holder seen last is believed; 0 where nobody else was seen to hold it since it was last free. */
  #believedMs = 0;
  /** The acquireTime of everything that we wrote, or may have written. */
  readonly #acquired = new Set<string>();
  #ours = false;

  constructor(identity: string, durationMs: number) {
    this.#identity = identity;
    this.#durationMs = durationMs;
  }

  /** Who held the Lease when it was last seen, or undefined. */
  get holder(): string | undefined {
    return this.#holder;
  }

  /** Whether the Lease, when it was last seen, was as we had written it: our name alone may be somebody else's edit. */
  get ours(): boolean {
    return this.#ours;
  }

  /** Takes note of what we are about to write: it counts as ours even if its answer never comes. */
  writes({ acquireTime = '' }: LeaseSpec): void {
    this.#acquired.add(acquireTime);
  }

  /** The server refused this acquisition: a record with its time is that of another candidate of the same moment. */
  refused({ acquireTime = '' }: LeaseSpec): void {
    this.#acquired.delete(acquireTime);
  }

  /** The monotonic moment from which nobody else can believe that it leads. */
  get freeAt(): number {
    return this.#freeAt;
  }

  /** Takes note of the Lease as it was read or written at `now` (undefined: there is none). */
  observe(lease: Lease | undefined, now: number): void {
    const spec = lease?.spec ?? {};
    const holder = spec.holderIdentity ?? '';
    const named = holder === this.#identity;
    this.#holder = holder === '' ? undefined : holder;
    this.#ours = named && this.#acquired.has(spec.acquireTime ?? 'none');
    const record = JSON.stringify(spec);
    if (record === this.#record) return;
    this.#record = record;
    if (this.#ours || isRelease(lease)) return this.#free(now);
    const nobody = holder === '' || named;
    if (!nobody) this.#believedMs = this.#believable(spec.leaseDurationSeconds);
    this.#freeAt = Math.max(this.#freeAt, now + this.#believedMs);
    if (nobody) this.#believedMs = 0; // one more term, however often the empty record changes
  }

  #free(now: number): void {
    this.#freeAt = now;
    this.#believedMs = 0;
  }

  #believable(seconds: number | undefined): number {
    const told = (seconds ?? 0) * 1000;
    return Math.max(this.#durationMs, Math.min(told, MOST_DURATIONS * this.#durationMs));
  }
}

function isRelease(lease: Lease | undefined): boolean {
  const spec = lease?.spec;
  return spec !== undefined && (spec.holderIdentity ?? '') === '' && spec.leaseDurationSeconds === 1;
}
