import { Cancelled, Failure } from '../../api/errors.ts';
import type { StormBrake } from '../../api/schema/patchpolicy.ts';
import { API_VERSION } from '../../api/types.ts';
import { sleep } from '../../platform/clock.ts';
import { ApiError, ConnectionError } from '../../platform/kubernetes/client.ts';
import type { CompiledPolicy } from '../../policy/compile.ts';
import type { Usage } from '../../policy/input.ts';
import type { Claim } from '../../policy/ledger.ts';
import { isGone, notWritten, shuttingDown, tooLate } from './book-failures.ts';
import type { BooksOptions } from './books-types.ts';
import { type Draft, Page } from './page.ts';
import { invalidNews } from './policy-ready.ts';
import { reservationOf } from './reservation.ts';
import type { StoredPolicy } from './stored-policy.ts';

/** Those who come within so long of the first share its write. */
const GATHER_MS = { least: 2, alone: 100, most: 400 } as const;
/** A write of a long ledger costs the API server more than a status of an intent: in company it is worth the wait. */
const WRITES_WORTH = 4;
const MOST_TRIES = 6;
const CONFLICT_PAUSE_MS = 20;
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** A ledger at rest is emptied so long after its last entry is over. */
const REST_MS = 60_000;
/**
 * What nobody waits for is tidied up so often at most. Two operators whose clocks are minutes apart, or a controller that
 * strips the status, would else undo it as fast as the server answers.
 */
const TIDY_MS = 30_000;

/**
 * The book of one policy, and the only one who writes it: one write at a time, each on top of exactly the version that it
 * was decided upon. Reservations that come while a write is under way share the next one. A place is granted when a write
 * that has it in its ledger has succeeded; until then it counts already for everybody who asks.
 */
export class Book {
  readonly #name: string;
  readonly #with: BooksOptions;
  readonly #page: Page;
  readonly #ended = new AbortController();
  #closed = false;
  #writing = false;
  #idle: Promise<void> = Promise.resolve();
  /** Set when the server refuses the status with the conditions of others in it. */
  #bare = false;
  #failures = 0;
  #lastWriteMs = 0;
  /** How many shared the last write. */
  #lastGranted = 0;
  #tidiedAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: () => void = () => {};

  constructor(name: string, options: BooksOptions) {
    this.#name = name;
    this.#with = options;
    this.#page = new Page(options.clock);
  }

  usage(): Usage {
    this.#look();
    return this.#page.usage;
  }

  /** Until when there is no room for the claim; undefined where there is, as far as is known without asking the server. */
  fullUntil(policy: CompiledPolicy, claim: Claim): Date | undefined {
    this.#look();
    return this.#page.fullUntil(policy, claim);
  }

  /** Resolves to undefined once the place is taken in the status of the policy, else to when there may be room. */
  reserve(policy: CompiledPolicy, claim: Claim, signal: AbortSignal): Promise<Date | undefined> {
    if (this.#closed) throw shuttingDown();
    const { reservation, settled } = reservationOf(policy, claim, signal, (gone) => this.#page.leave(gone));
    this.#look();
    this.#page.add(reservation);
    if (this.#page.hasWaiting) this.#write();
    return settled;
  }

  /** Counts a failed change, at once for those who ask here, and soon in the status. */
  failed(brake: StormBrake, id: string): void {
    this.#look();
    this.#page.failed(brake, id);
    this.#write();
  }

  /** Looks at what the watch shows, and writes what the status lacks. */
  look(): void {
    this.#look();
    if (this.#writing || !this.#page.isKnown) return;
    if (this.#isDue()) this.#write();
    else this.#plan();
  }

  /** Lets a write under way end, writes what the status still lacks, and ends. */
  async finish(): Promise<void> {
    this.#closed = true;
    this.#page.reject(shuttingDown());
    await this.#idle;
    if (this.#page.owes() && this.#with.mayWrite() && !this.#ended.signal.aborted) await this.#round();
    this.abandon();
  }

  /** Ends now; whoever waits is told why. */
  abandon(why: Failure = shuttingDown()): void {
    this.#closed = true;
    this.#cancelTimer();
    this.#ended.abort(why);
    this.#page.reject(why);
  }

  /** The policy was deleted. */
  gone(): void {
    this.abandon(isGone(this.#name));
  }

  #look(): void {
    this.#page.shows(this.#with.policies.get(this.#name));
  }

  #write(): void {
    if (this.#writing || this.#closed) return;
    this.#writing = true;
    this.#cancelTimer();
    this.#idle = this.#run();
  }

  async #run(): Promise<void> {
    let well = true;
    do {
      well = await this.#round();
      this.#look();
    } while (!this.#closed && (this.#page.hasWaiting || (well && this.#isDue())));
    this.#writing = false;
    this.#plan();
  }

  /** Writes what there is to write. False: it did not work out, and whoever waited for it knows. */
  async #round(): Promise<boolean> {
    const { clock, log } = this.#with;
    try {
      await sleep(clock, this.#gatherMs(), this.#ended.signal);
      this.#look();
      if (!this.#page.isUrgent()) this.#tidiedAt = clock.monotonic();
      await this.#store();
      this.#failures = 0;
      return true;
    } catch (error) {
      const failure = this.#failureOf(error);
      this.#failures += 1;
      const fields = { policy: this.#name, reason: failure.reason, error: failure.message };
      if (failure instanceof Cancelled) log.debug(fields, 'the status of a policy is not written any more');
      else log.warn(fields, 'the status of a policy could not be written');
      this.#page.reject(failure);
      return false;
    }
  }

  #isDue(): boolean {
    return this.#page.needsWrite() && this.#tidyWaitMs() === 0;
  }

  #tidyWaitMs(): number {
    if (this.#page.isUrgent()) return 0;
    return Math.max(0, this.#tidiedAt + TIDY_MS - this.#with.clock.monotonic());
  }

  #gatherMs(): number {
    const wanted =
      this.#lastGranted > 1
        ? Math.min(GATHER_MS.most, this.#lastWriteMs * WRITES_WORTH)
        : Math.min(GATHER_MS.alone, this.#lastWriteMs / 2);
    return Math.max(GATHER_MS.least, wanted);
  }

  async #store(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      if (!this.#with.mayWrite()) throw tooLate();
      if (!this.#page.isKnown) this.#page.take(await this.#read());
      const draft = this.#page.needsWrite() ? this.#page.draft(this.#bare) : undefined;
      if (draft === undefined || (await this.#put(draft, attempt))) return;
      if (attempt > 2) await sleep(this.#with.clock, this.#with.random.fraction() * CONFLICT_PAUSE_MS * attempt);
      // Also after an answer that was lost: what took effect is there, and is granted without counting twice.
      this.#page.take(await this.#read());
    }
  }

  /** False: worth another try upon what is there now. */
  async #put(draft: Draft, attempt: number): Promise<boolean> {
    const { api, clock, mayWrite, metrics } = this.#with;
    const started = clock.monotonic();
    try {
      const version = await api.putStatus(draft.base.metadata, draft.status, this.#ended.signal);
      this.#lastWriteMs = clock.monotonic() - started;
      this.#lastGranted = draft.granted.length;
      this.#page.written(draft, version);
      metrics.policyWrite('written');
      this.#tell(draft, version);
      return true;
    } catch (error) {
      this.#page.undo(draft);
      const status = error instanceof ApiError ? error.status : undefined;
      metrics.policyWrite(status === 409 ? 'conflict' : 'failed');
      if (!mayWrite()) throw tooLate(error);
      const refused = status === 422 && !this.#bare;
      if (refused) this.#bare = true;
      const again = refused || (status === 409 && attempt < MOST_TRIES);
      if (again || (error instanceof ConnectionError && attempt === 1)) return false;
      throw error;
    }
  }

  async #read(): Promise<StoredPolicy> {
    const live = await this.#with.api.get(this.#name, this.#ended.signal);
    if (live !== undefined) return live;
    throw isGone(this.#name);
  }

  #tell({ base, status }: Draft, resourceVersion: string): void {
    const note = invalidNews(base.conditions, status.conditions);
    if (note === undefined) return;
    const { name, uid } = base.metadata;
    this.#with.events.emit({
      regarding: { apiVersion: API_VERSION, kind: 'PatchPolicy', name, uid, resourceVersion },
      type: 'Warning',
      reason: 'PolicyInvalid',
      action: 'Check',
      note,
    });
  }

  /** The next write that nobody waits for. */
  #plan(): void {
    this.#cancelTimer();
    if (this.#closed) return;
    const { clock, random } = this.#with;
    const moment = this.#page.nextMoment(REST_MS);
    const atRest = moment === undefined ? undefined : Math.max(RETRY_MS, moment - clock.now().getTime());
    const retry = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures) * (1 + random.fraction()) * 0.5;
    const wait = this.#page.needsWrite() ? Math.max(retry, this.#tidyWaitMs()) : atRest;
    if (wait !== undefined) this.#cancelTimer = clock.after(wait, () => this.look());
  }

  #failureOf(error: unknown): Failure {
    if (this.#ended.signal.reason instanceof Failure) return this.#ended.signal.reason;
    if (error instanceof Failure) return error;
    return notWritten(this.#name, error);
  }
}
