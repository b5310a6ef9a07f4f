import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { WorkQueue } from './queue.ts';

/** What comes next for a key: nothing, another look after `ms`, or another try with the queue's backoff. */
export type Result =
  | { readonly next: 'done' }
  | { readonly next: 'after'; readonly ms: number }
  | { readonly next: 'backoff' };

/** Names of the labels are those of controller-runtime's `controller_runtime_reconcile_total`. */
export interface ControllerMetrics {
  /** A run ended: `error` for `backoff`, a throw and an overrun deadline. */
  reconciled(result: 'success' | 'requeue_after' | 'error', seconds: number): void;
  /** A run threw instead of returning a result. */
  threw(): void;
  /** A run passed its deadline. */
  overran(): void;
  /** Telling a failure on its object failed too. */
  reportFailed(): void;
  /** Runs under way now, those past their deadline included. */
  active(runs: number): void;
}

export interface ControllerOptions {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly workers: number;
  /** Milliseconds that one run, its failure report included, may hold a worker. */
  readonly deadlineMs: number;
  readonly reconcile: (key: string, run: RunHandle) => Promise<Result>;
  /** A throw or an overrun deadline (`DeadlineExceeded`), told once per run, to be reported on that object alone. */
  readonly onFailure: (key: string, error: unknown) => Promise<Result>;
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics?: ControllerMetrics;
}

/** What a run may use of its controller. */
export interface RunHandle {
  readonly signal: AbortSignal;
  /**
   * Frees the worker for other keys while the run goes on: for a wait that is cheaper in company, such as for a write that
   * many share. The key stays the run's own, and the deadline holds. Does nothing while very many runs are under way.
   */
  readonly release: () => void;
}

export interface Controller {
  /**
   * Shuts the queue down and waits for the runs under way. After `drainMs` (default: the deadline; 0: at once) their
   * signals abort, nothing is reported any more, and what ends within a second still counts as drained.
   */
  stop(options?: { readonly drainMs?: number }): Promise<{ readonly drained: boolean }>;
  /** Runs under way, and the keys of those past their deadline. */
  health(): { readonly active: number; readonly overdue: readonly string[] };
}

/** Why the signal of a run aborted: it took too long. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/** Why the signal of a run aborted: the controller stops. */
export class ControllerStopped extends Error {
  override readonly name = 'ControllerStopped';
}

interface Run {
  readonly key: string;
  readonly startedAt: number;
  readonly abort: AbortController;
  overdue: boolean;
  /** The report of the failure, once one was made: there is at most one per run. */
  told: Promise<Result> | undefined;
}

const BACKOFF: Result = { next: 'backoff' };
const AFTER_ABORT_MS = 1000;
/** Runs under way beyond the workers, before `release` does nothing any more: what waits costs memory. */
const MOST_RELEASED = 256;

/**
 * Runs `reconcile` for the keys of the queue on so many asynchronous workers. A run past its deadline is aborted and
 * frees its worker, but keeps its key until its promise settles: no key is ever worked on twice at once, not even
 * beside a run that ignores its signal. Nothing that `reconcile` or `onFailure` does ends a worker.
 */
export function startController(options: ControllerOptions): Controller {
  const { queue, clock, metrics } = options;
  const log = options.log.child({ controller: options.name });
  const runs = new Set<Run>();
  let stopping: Promise<{ drained: boolean }> | undefined;
  let whenIdle: () => void = () => {};

  /** The failure told on its object. Never rejects: a report that fails ends in backoff. */
  async function tell(run: Run, error: unknown): Promise<Result> {
    try {
      return await options.onFailure(run.key, error);
    } catch (thrown) {
      metrics?.reportFailed();
      log.error({ key: run.key, err: thrown, cause: error }, 'failure could not be reported');
      return BACKOFF;
    }
  }

  function overrun(run: Run): void {
    run.overdue = true;
    metrics?.overran();
    log.warn({ key: run.key, deadlineMs: options.deadlineMs }, 'run passed its deadline');
    const error = new DeadlineExceeded(`no result within ${options.deadlineMs / 1000} s`);
    run.told ??= tell(run, error);
    run.abort.abort(error);
  }

  /** The result of the run, whatever happens to it. Once a failure was told, what the report said counts. */
  async function resultOf(run: Run, free: () => void): Promise<Result> {
    const release = (): void => {
      if (runs.size < options.workers + MOST_RELEASED) free();
    };
    try {
      const result = await options.reconcile(run.key, { signal: run.abort.signal, release });
      return run.told === undefined ? result : await run.told;
    } catch (error) {
      if (run.told !== undefined) return await run.told;
      if (run.abort.signal.aborted) return BACKOFF; // aborted by stop: nobody is told, and the queue takes no more adds
      metrics?.threw();
      run.told = tell(run, error);
      return await run.told;
    }
  }

  function apply(key: string, result: Result): void {
    if (result.next === 'backoff') {
      queue.addRateLimited(key);
      return;
    }
    queue.forget(key);
    if (result.next === 'after') queue.addAfter(key, result.ms);
  }

  async function carryThrough(run: Run, free: () => void): Promise<void> {
    const result = await resultOf(run, free);
    metrics?.reconciled(labelOf(run, result), (clock.monotonic() - run.startedAt) / 1000);
    apply(run.key, result);
    queue.done(run.key);
    runs.delete(run);
    metrics?.active(runs.size);
    if (runs.size === 0) whenIdle();
  }

  /** Resolves when the worker is free again: at the end of the run, when it releases the worker, or at its deadline. */
  function work(key: string): Promise<void> {
    return new Promise((free) => {
      const run: Run = {
        key,
        startedAt: clock.monotonic(),
        abort: new AbortController(),
        overdue: false,
        told: undefined,
      };
      runs.add(run);
      metrics?.active(runs.size);
      const cancel = clock.after(options.deadlineMs, () => {
        overrun(run);
        free();
      });
      void carryThrough(run, free).then(() => {
        cancel();
        free();
      });
    });
  }

  async function worker(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) await work(key);
  }

  /** Whether all runs ended within `ms`. */
  function idleWithin(ms: number): Promise<boolean> {
    if (runs.size === 0) return Promise.resolve(true);
    if (!(ms > 0)) return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancel = clock.after(ms, () => resolve(false));
      whenIdle = () => {
        cancel();
        resolve(true);
      };
    });
  }

  async function drain(drainMs: number): Promise<{ drained: boolean }> {
    queue.shutDown();
    if (await idleWithin(drainMs)) return { drained: true };
    for (const run of runs) run.abort.abort(new ControllerStopped('the controller stops'));
    return { drained: await idleWithin(AFTER_ABORT_MS) };
  }

  for (let n = 0; n < options.workers; n += 1) void worker();
  return {
    stop(stop = {}) {
      stopping ??= drain(stop.drainMs ?? options.deadlineMs);
      return stopping;
    },
    health: () => ({ active: runs.size, overdue: [...runs].filter((run) => run.overdue).map((run) => run.key) }),
  };
}

function labelOf(run: Run, result: Result): 'success' | 'requeue_after' | 'error' {
  if (run.told !== undefined || result.next === 'backoff') return 'error';
  return result.next === 'after' ? 'requeue_after' : 'success';
}
