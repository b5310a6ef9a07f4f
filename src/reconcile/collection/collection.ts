import type { Clock } from '../../platform/clock.ts';
import { type BrakeRules, type Candidate, type Decision, decide, type HoldCause } from './brake.ts';

export interface CollectionOptions {
  readonly clock: Clock;
  readonly rules: BrakeRules;
  /** Queues a key whose removal was granted; that key's own run does the live read and the removal. */
  readonly requeue: (key: string) => void;
  /** Told whenever the set of held removals changes. */
  readonly onHeld: (held: Held | undefined) => void;
  /** Milliseconds without another absence after which they are judged together. Default 2 s. */
  readonly settleMs?: number;
}

export interface Held {
  readonly keys: readonly string[];
  readonly counts: Readonly<Partial<Record<HoldCause, number>>>;
  readonly digest: string;
}

const SETTLE_MS = 2_000;
/** Removals of the last minute count with the present ones: the brake looks at a burst, not at one tick. */
const WINDOW_MS = 60_000;
const RECHECK_MS = 10_000;
/** A burst is judged when it is over; one that does not end is judged so often. */
const LONGEST_BURST_MS = 30_000;

/**
 * The gate before every removal. It knows the packages of the root and the absences seen in consistent lists, judges them as a
 * set, and grants keys. It never removes anything itself.
 */
export class Collection {
  readonly #options: CollectionOptions;
  readonly #packages = new Set<string>();
  /** Keys whose first publication failed on its way: nobody has looked what it left. */
  readonly #uncertain = new Set<string>();
  readonly #candidates = new Map<string, Candidate>();
  readonly #granted = new Set<string>();
  #removedAt: number[] = [];
  #kindMissing = false;
  /** Set while the changes of a doubtful list are told. */
  #listDoubt: 'kind' | 'rewound' | undefined;
  #confirmed: string | undefined;
  /** A confirmation counts once: the annotation may stay where it is, and the same packages may be held again. */
  #spent = false;
  #lastHeld: string | undefined;
  #cancel: (() => void) | undefined;
  /** When the first change came that was not judged yet. */
  #burstSince: number | undefined;

  constructor(options: CollectionOptions) {
    this.#options = options;
  }

  /** A package of this key is on the root. */
  published(key: string): void {
    this.#uncertain.delete(key);
    this.#packages.add(key);
  }

  /** A publication failed: a package of this key may be on the root all the same. */
  publishFailed(key: string): void {
    if (!this.#packages.has(key)) this.#uncertain.add(key);
  }

  isUncertain(key: string): boolean {
    return this.#uncertain.has(key);
  }

  has(key: string): boolean {
    return this.#packages.has(key);
  }

  get size(): number {
    return this.#packages.size;
  }

  keys(): IterableIterator<string> {
    return this.#packages.keys();
  }

  /** The intent is there and claims its package: no removal, whatever was thought before. */
  present(key: string): void {
    this.#granted.delete(key);
    if (this.#candidates.delete(key)) this.#settle();
  }

  /** A consistent view lacks the intent, or shows one that does not claim the package. */
  absent(key: string): void {
    if (!this.#packages.has(key) || this.#candidates.has(key)) return;
    const doubt = this.#kindMissing ? 'kind' : this.#listDoubt;
    this.#candidates.set(key, { key, since: this.#options.clock.monotonic(), doubt });
    this.#settle();
  }

  /** Whether this key's run may remove the package, after its own live read. */
  mayRemove(key: string): boolean {
    return this.#granted.has(key);
  }

  /**
   * Makes the absences seen so far doubtful: a list came back rewound, the kind went away, or (with a key) the live read of a
   * granted key found the kind absent or terminating. Grants that were not carried out are taken back, and the patience
   * begins anew: else what has waited long enough would be granted and taken back in a loop.
   */
  doubt(cause: 'kind' | 'rewound', only?: string): void {
    const now = this.#options.clock.monotonic();
    for (const key of only === undefined ? [...this.#candidates.keys()] : [only]) {
      const candidate = this.#candidates.get(key);
      if (candidate !== undefined)
        this.#candidates.set(key, { ...candidate, doubt: candidate.doubt ?? cause, since: now });
      this.#granted.delete(key);
    }
    if (this.#candidates.size > 0) this.#settle();
  }

  /** No package of this key is on the root any more, or none was found. */
  removed(key: string): void {
    this.#uncertain.delete(key);
    this.#granted.delete(key);
    this.#candidates.delete(key);
    if (this.#packages.delete(key)) this.#removedAt.push(this.#options.clock.monotonic());
  }

  /** A doubtful list was applied: the absences so far, and those told in this turn, are held. */
  doubtList(cause: 'kind' | 'rewound'): void {
    this.doubt(cause);
    this.#listDoubt = cause;
    queueMicrotask(() => {
      this.#listDoubt = undefined;
    });
  }

  /** While the kind is absent, every new absence is doubtful from the start. */
  kindIsMissing(missing: boolean): void {
    this.#kindMissing = missing;
    if (missing) this.doubt('kind');
  }

  /** The annotation of a person: the digest of the held set that may go. */
  confirm(digest: string | undefined): void {
    if (digest === this.#confirmed) return;
    this.#confirmed = digest;
    this.#spent = false;
    if (digest !== undefined) this.#schedule(0);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Judges once the absences and returns come no more, so that a burst is seen as a whole. */
  #settle(): void {
    const now = this.#options.clock.monotonic();
    this.#burstSince ??= now;
    const left = this.#burstSince + LONGEST_BURST_MS - now;
    this.#schedule(Math.max(0, Math.min(this.#options.settleMs ?? SETTLE_MS, left)));
  }

  #schedule(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#cancel = undefined;
      this.#judge();
    });
  }

  #judge(): void {
    const now = this.#options.clock.monotonic();
    this.#burstSince = undefined;
    this.#removedAt = this.#removedAt.filter((at) => now - at < WINDOW_MS);
    const waiting = [...this.#candidates.values()].filter(({ key }) => !this.#granted.has(key));
    const decision = decide(
      {
        candidates: waiting,
        packages: this.#packages.size,
        underway: this.#granted.size,
        recentlyRemoved: this.#removedAt.length,
        // What is confirmed waits too while the kind is absent: each key's own run would find that, again and again.
        confirmed: this.#kindMissing || this.#spent ? undefined : this.#confirmed,
        now,
      },
      this.#options.rules,
    );
    this.#spent ||= decision.confirmed;
    for (const key of decision.granted) {
      this.#granted.add(key);
      this.#options.requeue(key);
    }
    for (const { key, cause } of decision.held) this.#hold(key, cause);
    this.#tell(decision);
    if (decision.held.length > 0) this.#schedule(RECHECK_MS);
  }

  #hold(key: string, cause: HoldCause): void {
    const candidate = this.#candidates.get(key);
    if (candidate !== undefined) this.#candidates.set(key, { ...candidate, held: cause });
  }

  #tell({ held, digest }: Decision): void {
    if (digest === this.#lastHeld) return;
    this.#lastHeld = digest;
    this.#options.onHeld(
      digest === undefined
        ? undefined
        : { digest, keys: held.map(({ key }) => key), counts: countBy(held.map(({ cause }) => cause)) },
    );
  }
}

function countBy(causes: readonly HoldCause[]): Held['counts'] {
  const counts: Partial<Record<HoldCause, number>> = {};
  for (const cause of causes) counts[cause] = (counts[cause] ?? 0) + 1;
  return counts;
}
