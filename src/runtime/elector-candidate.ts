import type { Clock } from '../platform/clock.ts';
import { ApiError } from '../platform/kubernetes/client.ts';
import {
  acquiredSpec,
  type Lease,
  type LeaseCall,
  type LeaseDoor,
  type LeaseSpec,
  releasedSpec,
  renewedSpec,
} from './lease.ts';
import { LeaseTerm } from './lease-term.ts';

export interface CandidateOptions {
  readonly door: LeaseDoor;
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly clock: Clock;
  readonly onLease: (lease: Lease) => void;
}

/** Who holds the Lease after an attempt. `startedAt`: monotonic start of the request that wrote it for us. */
export type AttemptOutcome =
  | { readonly holds: 'us'; readonly startedAt: number }
  | { readonly holds: 'other'; readonly leader: string | undefined };

/** After a conflict the Lease is read again at once; more than this in one attempt is a crowd, and can wait. */
const READS = 3;

/** What one candidate knows of the Lease, and the single attempts to get, keep and vacate it. Keeps no time. */
export class Candidate {
  readonly #options: CandidateOptions;
  readonly #term: LeaseTerm;
  /** The Lease as our last write left it; undefined whenever a write may have gone another way. */
  #ours: Lease | undefined;
  /** leaseTransitions as we wrote them last. */
  #transitions: number | undefined;
  #wrote = false;
  #renewals = 0;

  constructor(options: CandidateOptions) {
    this.#options = options;
    this.#term = new LeaseTerm(options.identity, options.leaseDurationMs);
  }

  get holder(): string | undefined {
    return this.#term.holder;
  }

  /** The monotonic moment from which nobody else can believe that it leads. */
  get freeAt(): number {
    return this.#term.freeAt;
  }

  /** Gets the Lease, or keeps it. Rejects as the requests do; then nobody knows who holds it. */
  async attempt(leading: boolean, call: LeaseCall): Promise<AttemptOutcome> {
    for (let reads = 1; ; reads += 1) {
      const lease = (leading ? this.#ours : undefined) ?? (await this.#read(call));
      if (!this.#mayWrite(lease, leading)) return { holds: 'other', leader: this.holder };
      try {
        return await this.#write(lease, leading, call);
      } catch (error) {
        if (!moved(error) || reads === READS) throw error;
      }
    }
  }

  /** Empties the holder of the Lease if it is ours, perhaps by a write whose answer never came. */
  async vacate(call: LeaseCall): Promise<void> {
    if (!this.#wrote) return;
    const lease = await this.#read(call);
    if (lease === undefined || !this.#term.ours) return;
    const released = await this.#options.door.update(lease, releasedSpec(lease, this.#options.clock.now()), call);
    this.#note(released);
  }

  /**
   * A candidate writes where the Lease is as it wrote it, or free. A leader writes where it is ours, gone, or emptied by someone
   * who is no leader: had another one led since, it would have counted the transition.
   */
  #mayWrite(lease: Lease | undefined, leading: boolean): boolean {
    if (!leading) return this.#term.ours || this.#options.clock.monotonic() >= this.#term.freeAt;
    if (this.holder === this.#options.identity) return true;
    if (this.holder !== undefined) return false;
    return lease === undefined || (lease.spec?.leaseTransitions ?? 0) === this.#transitions;
  }

  async #read(call: LeaseCall): Promise<Lease | undefined> {
    try {
      const lease = await this.#options.door.get(call);
      this.#note(lease);
      return lease;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      this.#term.observe(undefined, this.#options.clock.monotonic());
      return undefined;
    }
  }

  async #write(lease: Lease | undefined, leading: boolean, call: LeaseCall): Promise<AttemptOutcome> {
    const { identity, leaseDurationMs, clock } = this.#options;
    const renews = leading || this.#term.ours;
    const spec =
      lease !== undefined && renews
        ? renewedSpec(lease, identity, leaseDurationMs, clock.now(), ++this.#renewals)
        : acquiredSpec(lease, identity, leaseDurationMs, clock.now());
    const startedAt = clock.monotonic();
    this.#ours = undefined;
    this.#wrote = true;
    this.#term.writes(spec);
    const written = await this.#send(lease, spec, call).catch((error: unknown) => {
      if (!renews && error instanceof ApiError) this.#term.refused(spec);
      throw error;
    });
    this.#ours = written;
    this.#transitions = spec.leaseTransitions;
    this.#note(written);
    return { holds: 'us', startedAt };
  }

  #send(lease: Lease | undefined, spec: LeaseSpec, call: LeaseCall): Promise<Lease> {
    const { door } = this.#options;
    return lease === undefined ? door.create(spec, call) : door.update(lease, spec, call);
  }

  #note(lease: Lease): void {
    this.#term.observe(lease, this.#options.clock.monotonic());
    this.#options.onLease(lease);
  }
}

/** Someone else wrote, made or deleted the Lease since it was read. */
function moved(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 409 || error.status === 404);
}
