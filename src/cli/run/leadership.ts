import { Cancelled } from '../../api/errors.ts';
import type { Settings } from '../../config.ts';
import { type Clock, sleep } from '../../platform/clock.ts';
import type { KubeClient } from '../../platform/kubernetes/client.ts';
import type { Log } from '../../platform/log.ts';
import type { Random } from '../../platform/random.ts';
import { asFailure } from '../../reconcile/outcome.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import { type Elector, type ElectorMetrics, startElector } from '../../runtime/elector.ts';
import type { Lease } from '../../runtime/lease.ts';
import type { WriteDeadline } from './lease-clock.ts';
import type { Term } from './term.ts';

export interface LeadershipOptions {
  readonly settings: Settings;
  readonly client: KubeClient;
  readonly identity: string;
  readonly leaseNamespace: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: ElectorMetrics;
  readonly deadline: WriteDeadline;
  /** Resolves when a term may begin: caches synced, root tested. */
  readonly ready: (signal: AbortSignal) => Promise<unknown>;
  readonly startTerm: () => Promise<Term>;
  readonly onLease: (lease: Lease) => void;
  readonly onLost: (why: string) => void;
}

export interface Leadership {
  term(): Term | undefined;
  /** `leading` without a term means: elected, and still claiming the root. */
  state(): 'standby' | 'leading';
  /** Why the root is not claimed although this process leads. */
  problem(): string | undefined;
  lost(why: string): void;
  /** Ends the term: no new runs, those under way finish. The Lease stays ours until `release`. */
  stop(drainMs: number): Promise<void>;
  release(): Promise<void>;
}

/** Leads when elected (or at once, without election): waits until ready, claims the root, works until stopped or lost. */
export function startLeadership(options: LeadershipOptions): Leadership {
  const { settings, deadline, clock, random, log } = options;
  const halt = new AbortController();
  const state: {
    term?: Term;
    leading: boolean;
    lost: boolean;
    problem?: string;
    begun?: Promise<void>;
    elector?: Elector;
  } = {
    leading: false,
    lost: false,
  };
  const lost = (why: string): void => {
    if (state.lost || halt.signal.aborted) return;
    state.lost = true;
    halt.abort();
    log.error({ why }, 'leadership lost');
    options.onLost(why);
  };
  const begin = async (): Promise<void> => {
    await options.ready(halt.signal);
    for (let tries = 0; !halt.signal.aborted; tries += 1) {
      try {
        const term = await options.startTerm();
        state.term = term;
        term.begin();
        delete state.problem;
        log.info({ root: term.identity.rootId, epoch: term.identity.epoch }, 'leading: the package root is claimed');
        return;
      } catch (thrown) {
        const failure = asFailure(thrown);
        if (failure instanceof Cancelled) return lost(failure.message);
        state.problem = failure.message;
        log.error({ reason: failure.reason, error: failure.message }, 'the package root cannot be claimed');
        await sleep(clock, backoffMs(tries, { baseMs: 500, maxMs: 30_000 }, random), halt.signal);
      }
    }
  };
  const elected = (): void => {
    if (state.leading || halt.signal.aborted) return;
    state.leading = true;
    // Ends by abort only when the process stops or has lost the lease: nothing is left to report then.
    state.begun = begin().catch((error: unknown) => {
      if (!halt.signal.aborted) lost(`the term could not begin: ${String(error)}`);
    });
  };
  if (settings.leaderElect) state.elector = electorOf(options, elected, lost);
  else {
    deadline.set(Number.POSITIVE_INFINITY);
    elected();
  }
  return {
    term: () => state.term,
    state: () => (state.leading ? 'leading' : 'standby'),
    problem: () => state.problem,
    lost,
    async stop(drainMs) {
      halt.abort();
      await state.begun;
      const ended = await state.term?.stop(drainMs);
      if (ended?.drained === false) log.warn({}, 'some runs did not finish in time');
    },
    async release() {
      await state.elector?.release();
      await state.elector?.stop();
    },
  };
}

function electorOf(options: LeadershipOptions, onElected: () => void, onLost: (why: string) => void): Elector {
  const { settings, client, identity, clock, random, log, deadline } = options;
  return startElector({
    client,
    namespace: options.leaseNamespace,
    name: settings.leaderElectionId,
    identity,
    leaseDurationMs: settings.leaseDurationMs,
    renewDeadlineMs: settings.renewDeadlineMs,
    retryPeriodMs: settings.retryPeriodMs,
    clock,
    random,
    log,
    onElected,
    onLost,
    onDeadline: (monotonicMs) => deadline.set(monotonicMs),
    onLease: options.onLease,
    metrics: options.metrics,
  });
}
