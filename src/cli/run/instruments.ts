import { Rejected } from '../../api/errors.ts';
import type { PatchIntent } from '../../api/types.ts';
import type { Publisher } from '../../kpt/publisher/publisher.ts';
import type { Clock } from '../../platform/clock.ts';
import type { PlanReadResult } from '../../platform/metrics/plan.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { StoredPolicy } from '../../reconcile/permit/stored-policy.ts';
import type { Guard, Targets } from '../../reconcile/permit/world.ts';
import type { ReflectorMetrics } from '../../runtime/reflector.ts';
import type { Store } from '../../runtime/store.ts';
import { intentCounter } from './intent-counter.ts';
import type { Leadership } from './leadership.ts';
import { countPolicies } from './policy-counter.ts';
import type { IntentWatch } from './watch.ts';

/** The series of the watch, which also tell when the kind goes away and comes back. */
export function watchInstrument(series: ReflectorMetrics, onKindMissing: (missing: boolean) => void): ReflectorMetrics {
  return {
    ...series,
    listed: (info) => {
      series.listed(info);
      if (info.ok) onKindMissing(false);
    },
    watchEnded: (cause) => {
      series.watchEnded(cause);
      if (cause === 'absent') onKindMissing(true);
    },
  };
}

/** The writing half of the publisher, which counts and times its publications. */
export function timedPublisher(
  publisher: Publisher,
  series: Metrics['publisher'],
  clock: Clock,
): Pick<Publisher, 'publish' | 'remove' | 'lookup'> {
  return {
    async publish(request) {
      const begun = clock.monotonic();
      const seconds = (): number => (clock.monotonic() - begun) / 1_000;
      try {
        const published = await publisher.publish(request);
        series.published(published.outcome, seconds());
        return published;
      } catch (error) {
        series.published('failed', seconds());
        throw error;
      }
    },
    remove: (key) => publisher.remove(key),
    lookup: (key) => publisher.lookup(key),
  };
}

/** The targets, each look at which is counted and timed. Without live plans nobody looks. */
export function timedTargets(targets: Targets, series: Metrics['plans'], clock: Pick<Clock, 'monotonic'>): Targets {
  return {
    async read(spec, signal) {
      const begun = clock.monotonic();
      const tell = (result: PlanReadResult): void => series.read(result, (clock.monotonic() - begun) / 1_000);
      try {
        const base = await targets.read(spec, signal);
        if (base.state !== 'not-asked') tell(base.state);
        return base;
      } catch (error) {
        // Who stops has no complaint about the server.
        if (error instanceof Rejected) tell('unsupported');
        else if (!signal.aborted) tell('failed');
        throw error;
      }
    },
    dryRun: (patch, target, signal) => targets.dryRun(patch, target, signal),
  };
}

/** The guard of approvals, which also tells how it is each time that somebody asks. */
export function watchedGuard(guard: Guard, tell: Metrics['approvalGuard']): Guard {
  return {
    async state(signal, approvals) {
      const state = await guard.state(signal, approvals);
      tell(state === 'not-asked' ? 'off' : 'broken' in state ? 'broken' : 'intact');
      return state;
    },
  };
}

export interface Countable {
  readonly store: Store<PatchIntent>;
  readonly policies: { list(): readonly StoredPolicy[] };
  readonly watch: Pick<IntentWatch, 'reflectors'>;
  readonly leadership: Pick<Leadership, 'term'>;
  readonly publisher: Pick<Publisher, 'health'>;
  readonly clock: Clock;
}

/** Numbers that are counted when somebody asks. */
export function countOnScrape(
  metrics: Metrics,
  { store, policies, watch, leadership, publisher, clock }: Countable,
): void {
  const count = intentCounter(clock);
  const { state } = metrics;
  metrics.onScrape(() => {
    const { reflectors } = watch;
    const undecodable = reflectors.reduce((sum, reflector) => sum + reflector.undecodable.length, 0);
    state.intents({ ...count(store.list()), undecodable });
    state.policies(countPolicies(policies.list(), clock.now()));
    const term = leadership.term();
    state.leading(term !== undefined);
    state.packages(term?.collection.size ?? 0);
    state.publisher(publisher.health());
    const contact = Math.min(...reflectors.map(({ lastContact }) => lastContact));
    state.watchContact((clock.monotonic() - contact) / 1_000);
  });
}
