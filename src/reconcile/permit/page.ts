import type { PolicyStatus, RateLimits, StormBrake } from '../../api/schema/patchpolicy.ts';
import type { Condition } from '../../api/types.ts';
import type { Clock } from '../../platform/clock.ts';
import { CALM, drawBackStorm, failed, mergeStorms, type StormState } from '../../policy/brake.ts';
import type { CompiledPolicy } from '../../policy/compile.ts';
import type { Usage } from '../../policy/input.ts';
import {
  type Claim,
  EMPTY_LEDGER,
  expire,
  fullUntilOf,
  type KnownText,
  type Ledger,
  reserve,
  sealedUntil,
} from '../../policy/ledger.ts';
import { compileStored } from './compile-stored.ts';
import { type Counted, countedIn, drawnBack, isOver, statusOf, stormTextOf } from './counted.ts';
import { policyConditions } from './policy-ready.ts';
import type { Reservation } from './reservation.ts';
import type { StoredPolicy } from './stored-policy.ts';

/** A status on its way to the server, and the reservations that it grants. */
export interface Draft {
  readonly base: Counted;
  readonly status: PolicyStatus & { readonly conditions: readonly Condition[] };
  readonly ledger: Ledger;
  readonly storm: StormState;
  readonly granted: readonly Reservation[];
}

/**
 * What one policy has counted: as the server has it, and with what waits to be written. Acts on nothing; whoever writes
 * takes a draft and tells what became of it. While a draft is out, versions of the watch are not looked at: one of them
 * may be the draft.
 */
export class Page {
  readonly #clock: Clock;
  #base: Counted | undefined;
  #compiled: CompiledPolicy | undefined;
  #seen: StoredPolicy | undefined;
  #ledger: Ledger = EMPTY_LEDGER;
  #storm: StormState = CALM;
  /** Each has its place in the ledger, once there is a base. */
  #waiting: readonly Reservation[] = [];
  #out: Draft | undefined;
  #lastText: KnownText | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isKnown(): boolean {
    return this.#base !== undefined;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** What is counted, with what waits and what is on its way. */
  get usage(): Usage {
    return { ledger: this.#ledger, storm: this.#storm };
  }

  /** The watch has this version. It counts unless a later one is known. */
  shows(stored: StoredPolicy | undefined): void {
    if (this.#out !== undefined) return;
    this.#drawBack();
    if (stored === undefined || stored === this.#seen) return;
    this.#seen = stored;
    if (this.#base === undefined || isNewer(stored, this.#base)) this.take(stored);
  }

  /** The server has this version, whatever was known before. Who waits is decided on anew. */
  take(live: StoredPolicy): void {
    const before = this.#base;
    const now = this.#clock.now();
    const sameObject = before?.metadata.uid === live.metadata.uid;
    const sameSpec = sameObject && before.metadata.generation === live.metadata.generation;
    const compiled = (sameSpec ? this.#compiled : undefined) ?? compileStored(live);
    const base = countedIn(live, before, compiled.spec.storm, now);
    this.#compiled = compiled;
    this.#storm = sameObject ? drawBackStorm(mergeStorms(this.#storm, base.storm), now) : base.storm;
    this.#base = base;
    this.#decideAnew();
  }

  /** Until when there is no room; undefined where there is, or where nothing is known yet. */
  fullUntil(policy: CompiledPolicy, claim: Claim): Date | undefined {
    if (this.#base === undefined) return undefined;
    const full = fullUntilOf(this.#ledger, this.#limitsOf(policy), claim, this.#clock.now());
    const dates = [full.perTargetPerHour, full.perNamespacePerHour].filter((date) => date !== undefined);
    return dates.toSorted((one, other) => one.getTime() - other.getTime()).at(-1);
  }

  /** Takes a place for it, or settles it where there is none. */
  add(reservation: Reservation): void {
    if (this.#base === undefined || this.#decide(reservation)) this.#waiting = [...this.#waiting, reservation];
  }

  /** Nobody waits for it any more. On its way it is counted all the same, which is the strict mistake. */
  leave(reservation: Reservation): void {
    if (!this.#waiting.includes(reservation)) return;
    this.#waiting = this.#waiting.filter((other) => other !== reservation);
    this.#decideAnew();
  }

  failed(brake: StormBrake, id: string): void {
    this.#storm = failed(this.#storm, brake, id, this.#clock.now());
  }

  /** Whether the status lacks something. Places that are over are no reason, until all are. */
  needsWrite(): boolean {
    const base = this.#base;
    if (base === undefined) return this.hasWaiting;
    return this.isUrgent() || base.mended || isOver(base, this.#ledger, this.#clock.now());
  }

  /** Whether it lacks what only this operator knows. The rest is tidied up: what others took out, or left over. */
  isUrgent(): boolean {
    const base = this.#base;
    if (base === undefined) return this.hasWaiting;
    return (
      this.hasWaiting ||
      this.#hasNewFailures(base) ||
      base.observedGeneration !== base.metadata.generation ||
      this.#conditions(base) !== base.conditions
    );
  }

  /** Whether the status lacks something that counts, and that nobody waits for. */
  owes(): boolean {
    const base = this.#base;
    return base !== undefined && (base.mended || this.#hasNewFailures(base));
  }

  #hasNewFailures({ storm }: Counted): boolean {
    return stormTextOf(this.#storm) !== stormTextOf(storm);
  }

  /** What to write now. `bare`: without the conditions of others. Undefined while nothing is known. */
  draft(bare: boolean): Draft | undefined {
    const base = this.#base;
    if (base === undefined) return undefined;
    this.#ledger = expire(this.#ledger, this.#clock.now());
    const conditions = this.#conditions(base).filter(({ type }) => !bare || type === 'Ready' || type === 'Stalled');
    const counted = statusOf(this.#ledger, this.#storm, this.#lastText);
    this.#lastText = { ledger: this.#ledger, text: counted.rate ?? '' };
    const status = { observedGeneration: base.metadata.generation, conditions, ...counted };
    this.#out = { base, status, ledger: this.#ledger, storm: this.#storm, granted: this.#waiting };
    this.#waiting = [];
    return this.#out;
  }

  /** The draft is the status now, in this version. */
  written({ base, status, ledger, storm, granted }: Draft, resourceVersion: string): void {
    this.#out = undefined;
    this.#base = {
      metadata: { ...base.metadata, resourceVersion },
      spec: base.spec,
      observedGeneration: status.observedGeneration,
      conditions: status.conditions,
      ledger,
      storm,
      rateText: status.rate ?? '',
      stormText: stormTextOf(storm),
      mended: false,
    };
    for (const reservation of granted) reservation.settle(undefined);
  }

  /** The draft is not known to be the status. */
  undo({ granted }: Draft): void {
    this.#out = undefined;
    this.#waiting = [...granted, ...this.#waiting];
  }

  /** Tells all who wait, and gives up their places as far as they are not written. */
  reject(error: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#decideAnew();
    for (const reservation of waiting) reservation.fail(error);
  }

  /** The next moment at which time alone asks for a write, in milliseconds since 1970. */
  nextMoment(restMs: number): number | undefined {
    const last = this.#ledger.entries.at(-1);
    if (last === undefined) return undefined;
    const seal = sealedUntil(this.#ledger, this.#clock.now());
    return seal?.getTime() ?? last.at * 1000 + HOUR_MS + restMs;
  }

  /** The own clock may have been ahead, and set back since. */
  #drawBack(): void {
    if (this.#base === undefined) return;
    const now = this.#clock.now();
    const base = drawnBack(this.#base, now);
    this.#storm = drawBackStorm(this.#storm, now);
    if (base === this.#base) return;
    this.#base = base;
    this.#decideAnew();
  }

  #decideAnew(): void {
    this.#ledger = (this.#out ?? this.#base)?.ledger ?? EMPTY_LEDGER;
    if (this.#base !== undefined) this.#waiting = this.#waiting.filter((reservation) => this.#decide(reservation));
  }

  #decide({ policy, claim, settle }: Reservation): boolean {
    const result = reserve(this.#ledger, this.#limitsOf(policy), claim, this.#clock.now());
    if ('fullUntil' in result) {
      settle(result.fullUntil);
      return false;
    }
    this.#ledger = result.ledger;
    return true;
  }

  /** A run may have been decided under an older version of the policy than the one that it is counted in. */
  #limitsOf({ uid, generation = 0, spec: { rate = {} } }: CompiledPolicy): RateLimits {
    const { metadata } = this.#base ?? {};
    if (metadata === undefined || (metadata.uid === uid && metadata.generation <= generation)) return rate;
    return this.#compiled?.spec.rate ?? rate;
  }

  #conditions({ conditions, metadata: { generation } }: Counted): readonly Condition[] {
    const { problems = [], spec } = this.#compiled ?? {};
    const now = this.#clock.now();
    const seal = spec?.rate === undefined ? undefined : sealedUntil(this.#ledger, now);
    const sealed = seal === undefined ? [] : [`status.rate could not be read: no changes until ${seal.toISOString()}`];
    return policyConditions(conditions, generation, [...problems.map(({ message }) => message), ...sealed], now);
  }
}

const HOUR_MS = 3_600_000;

/** resourceVersions are decimal numbers beyond 2^53; one that is not is newer when it differs: at worst the server says 409. */
function isNewer({ metadata }: StoredPolicy, base: Counted): boolean {
  const [one, other] = [metadata.resourceVersion, base.metadata.resourceVersion];
  if (!/^\d+$/.test(one) || !/^\d+$/.test(other)) return one !== other;
  return BigInt(one) > BigInt(other);
}
