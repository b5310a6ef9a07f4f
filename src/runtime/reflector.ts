import { sleep } from '../platform/clock.ts';
import { abortableBy } from './abortable.ts';
import { listOutcome, watchOutcome } from './reflector-decode.ts';
import { ListBroken, listAll } from './reflector-list.ts';
import { DEFAULT_TIMING, type Outcome, type Position, type ReflectorState, START, step } from './reflector-step.ts';
import type { Reflector, ReflectorOptions } from './reflector-types.ts';
import { View } from './reflector-view.ts';
import type { StoredObject } from './store.ts';

export type { ReflectorState, ReflectorTiming } from './reflector-step.ts';
export type {
  Change,
  ListFailure,
  Reflector,
  ReflectorMetrics,
  ReflectorOptions,
  ReplacedInfo,
} from './reflector-types.ts';

const DEFAULT_PAGE_SIZE = 500;
/** Lists in a row that broke on an expired token before one is read in a single page, which cannot expire. */
const BROKEN_LISTS = 2;

const STOPPED = 'the reflector was stopped';

/**
 * Keeps a store equal to a collection of the API server: one paged LIST, then a WATCH from its version, with bookmarks.
 * Every gap (see `Gap`) leads to a new list, from which missed deletions follow; a mere end or cut of the watch leads to
 * a watch from the last version that the store has applied. A kind that is absent (404) or forbidden deletes nothing.
 * Failures are met with pauses and never end it: only `stop` does.
 */
export function startReflector<T extends StoredObject>(options: ReflectorOptions<T>): Reflector {
  return new ReflectorLoop(options);
}

class ReflectorLoop<T extends StoredObject> implements Reflector {
  readonly #options: ReflectorOptions<T>;
  readonly #timing;
  readonly #view: View<T>;
  readonly #synced = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  #state: ReflectorState = 'listing';
  #position: Position = START;
  #run = new AbortController();
  /** Counts lists, watches and pauses; what an older one still brings is nobody's any more. */
  #generation = 0;
  #phase: 'list' | 'watch' | 'pause' = 'list';
  #relistAsked = false;
  #brokenLists = 0;
  #lastError: string | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#view = new View(options);
    this.#synced.promise.catch(() => {});
    this.#ended = this.#loop();
  }

  get state(): ReflectorState {
    return this.#state;
  }
  get synced(): boolean {
    return this.#view.synced;
  }
  get resourceVersion(): string | undefined {
    return this.#view.resourceVersion;
  }
  get lastContact(): number {
    return this.#view.lastContact;
  }
  get lastError(): string | undefined {
    return this.#lastError;
  }
  get undecodable(): readonly string[] {
    return this.#view.undecodable;
  }

  async whenSynced(signal?: AbortSignal): Promise<void> {
    if (signal === undefined) return this.#synced.promise;
    const abort = abortableBy(signal);
    return abort.race(this.#synced.promise).finally(() => abort.release());
  }

  relist(): void {
    this.#relistAsked = true;
    if (this.#phase !== 'list') this.#run.abort(new Error('a new list was asked for'));
  }

  stop(): Promise<void> {
    this.#state = 'stopped';
    this.#generation += 1;
    this.#run.abort(new Error(STOPPED));
    this.#synced.reject(new Error(STOPPED));
    return this.#ended;
  }

  async #loop(): Promise<void> {
    // Not before the constructor's caller holds the reflector, which its callbacks may use.
    await Promise.resolve();
    while (this.#state !== 'stopped') {
      const outcome = this.#position.next === 'list' ? await this.#list() : await this.#watch();
      if (this.#isStopped()) return;
      this.#position = step(this.#position, outcome, this.#timing, this.#options.random.fraction());
      if (this.#relistAsked) this.#position = { ...this.#position, next: 'list' };
      this.#report(outcome);
      if (this.#position.delayMs > 0) await this.#pause(this.#position.delayMs);
    }
  }

  #begin(phase: 'list' | 'watch' | 'pause', state: ReflectorState): { signal: AbortSignal; generation: number } {
    this.#phase = phase;
    this.#state = this.#position.kindAbsent ? 'kind-absent' : state;
    this.#run = new AbortController();
    this.#generation += 1;
    return { signal: this.#run.signal, generation: this.#generation };
  }

  // A getter would be narrowed away by the compiler after the check of the loop.
  #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  async #list(): Promise<Outcome> {
    const { client, path, project, store, clock, metrics, pageSize = DEFAULT_PAGE_SIZE } = this.#options;
    const { signal, generation } = this.#begin('list', 'listing');
    const started = clock.monotonic();
    this.#relistAsked = false;
    const seenElsewhere = this.#options.highestSeen?.();
    let items = 0;
    try {
      const listed = await listAll({
        client,
        path,
        pageSize: this.#brokenLists >= BROKEN_LISTS ? 0 : pageSize,
        timeoutMs: this.#timing.listTimeoutMs,
        project,
        store,
        seenVersion: this.#view.resourceVersion,
        signal,
        onPage: () => this.#view.touch(),
      });
      if (generation !== this.#generation) return { kind: 'failed' };
      items = listed.items.length;
      this.#view.replace(listed, this.#position.kindAbsent, seenElsewhere);
      this.#brokenLists = 0;
      this.#lastError = undefined;
      this.#synced.resolve();
      metrics?.listed({ ok: true, items, durationMs: clock.monotonic() - started });
      return { kind: 'listed' };
    } catch (error) {
      if (generation !== this.#generation) return { kind: 'failed' };
      this.#brokenLists = error instanceof ListBroken ? this.#brokenLists + 1 : 0;
      this.#lastError = messageOf(error);
      const outcome = listOutcome(error);
      metrics?.listed({ ok: false, items, durationMs: clock.monotonic() - started, failure: outcome.kind });
      return outcome;
    }
  }

  async #watch(): Promise<Outcome> {
    const { clock } = this.#options;
    const { signal, generation } = this.#begin('watch', 'watching');
    const started = clock.monotonic();
    const from = this.#view.resourceVersion;
    const lines = this.#openWatch(from, signal);
    const abort = abortableBy(signal);
    const heldMs = (): number => clock.monotonic() - started;
    const progressed = (): boolean => this.#view.resourceVersion !== from;
    try {
      for (;;) {
        const line = await abort.race(lines.next());
        if (generation !== this.#generation) return { kind: 'failed' };
        if (line.done) return { kind: 'ended', heldMs: heldMs(), progressed: progressed(), cut: false };
        const gap = this.#view.take(line.value);
        this.#lastError = gap?.message;
        if (gap !== undefined) return { kind: 'gap', gap: gap.gap, heldMs: heldMs() };
      }
    } catch (error) {
      if (signal.aborted) return { kind: 'gap', gap: 'relist-asked', heldMs: heldMs() };
      this.#lastError = messageOf(error);
      return watchOutcome(error, heldMs(), progressed());
    } finally {
      abort.release();
      // Not awaited: a peer that never answers must not hold the loop.
      lines.return?.().catch(() => {});
    }
  }

  #openWatch(resourceVersion: string | undefined, signal: AbortSignal): AsyncIterator<unknown> {
    const { client, path, random } = this.#options;
    const timeoutSeconds = Math.ceil((this.#timing.watchMs / 1000) * (1 + random.fraction()));
    const query = { resourceVersion, allowWatchBookmarks: true, timeoutSeconds };
    const watch = client.watch({ path, query, silenceMs: this.#timing.silenceMs, signal });
    return watch[Symbol.asyncIterator]();
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#begin('pause', 'waiting');
    await sleep(this.#options.clock, ms, signal).catch(() => {});
  }

  #report(outcome: Outcome): void {
    const { log, path, metrics, quiet = [] } = this.#options;
    if (outcome.kind === 'listed') return;
    const cause = outcome.kind === 'gap' ? outcome.gap : outcome.kind === 'ended' && outcome.cut ? 'cut' : outcome.kind;
    if (this.#phase === 'watch') metrics?.watchEnded(cause);
    const { next, attempt, delayMs } = this.#position;
    const fields = { path, phase: this.#phase, cause, error: this.#lastError, next, attempt, delayMs };
    if (cause === 'ended' || cause === 'relist-asked') log.debug(fields, 'watch ended');
    else if (quiet.some((each) => each === cause)) log.debug(fields, 'list or watch failed');
    else log.warn(fields, 'list or watch failed');
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
