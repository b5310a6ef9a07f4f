import type { PatchIntent } from '../../api/types.ts';
import type { Publisher } from '../../kpt/publisher/publisher.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { ReflectorMetrics } from '../../runtime/reflector.ts';
import type { Store } from '../../runtime/store.ts';
import { intentCounter } from './intent-counter.ts';
import type { Leadership } from './leadership.ts';
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

export interface Countable {
  readonly store: Store<PatchIntent>;
  readonly watch: Pick<IntentWatch, 'reflectors'>;
  readonly leadership: Pick<Leadership, 'term'>;
  readonly publisher: Pick<Publisher, 'health'>;
  readonly clock: Clock;
}

/** Numbers that are counted when somebody asks. */
export function countOnScrape(metrics: Metrics, { store, watch, leadership, publisher, clock }: Countable): void {
  const count = intentCounter(clock);
  const { state } = metrics;
  metrics.onScrape(() => {
    const { reflectors } = watch;
    const undecodable = reflectors.reduce((sum, reflector) => sum + reflector.undecodable.length, 0);
    state.intents({ ...count(store.list()), undecodable });
    const term = leadership.term();
    state.leading(term !== undefined);
    state.packages(term?.collection.size ?? 0);
    state.publisher(publisher.health());
    const contact = Math.min(...reflectors.map(({ lastContact }) => lastContact));
    state.watchContact((clock.monotonic() - contact) / 1_000);
  });
}
