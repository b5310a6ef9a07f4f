import type { PatchIntent } from '../../api/types.ts';
import type { Publisher } from '../../kpt/publisher/publisher.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { ReflectorMetrics } from '../../runtime/reflector.ts';
import type { Store } from '../../runtime/store.ts';

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

/** Numbers that are counted when somebody asks. */
export function countOnScrape(
  metrics: Metrics,
  store: Store<PatchIntent>,
  packages: () => number,
  contact: () => number,
): void {
  metrics.onScrape(() => {
    const counts = { True: 0, False: 0, Unknown: 0 };
    for (const { status } of store.list()) {
      counts[status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown'] += 1;
    }
    metrics.state.intents(counts);
    metrics.state.packages(packages());
    metrics.state.watchContact(contact());
  });
}
