import { childrenOf, type Series } from './series.ts';

const READY = ['True', 'False', 'Unknown'] as const;
const PUBLISH_OUTCOMES = ['written', 'unchanged', 'restored', 'failed'] as const;
const STATUS_RESULTS = ['written', 'equal', 'conflict', 'failed'] as const;
const EVENT_RESULTS = ['sent', 'series', 'dropped'] as const;
const HOLD_CAUSES = ['all', 'kind', 'rewound', 'brake'] as const;
const PUBLISH_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

type Ready = (typeof READY)[number];
type PublishOutcome = (typeof PUBLISH_OUTCOMES)[number];
type StatusResult = (typeof STATUS_RESULTS)[number];
type HoldCause = (typeof HOLD_CAUSES)[number];

/** What only Patchgen counts. Gauges are set by whoever knows the number; labels outside the known ones are not counted. */
export type ProductMetrics = RunSeries & EventSeries & StateSeries;

export interface ProductOptions {
  readonly version: string;
  readonly node: string;
  /** Every reason that a run can end with. */
  readonly reasons: readonly string[];
}

export function productMetrics(series: Series, options: ProductOptions): ProductMetrics {
  const build = series.gauge('patchgen_build_info', 'Always 1; the labels tell the versions', ['version', 'node']);
  build.labels({ version: options.version, node: options.node }).set(1);
  return { ...runSeries(series, options.reasons), ...eventSeries(series), ...stateSeries(series) };
}

interface RunSeries {
  /** A run over an intent ended with this reason of the reason table. */
  outcome(reason: string): void;
  statusWrite(result: StatusResult): void;
  /** A package was removed. */
  removed(): void;
  /** A publication ended after so many seconds: `failed` for any failure. */
  published(outcome: PublishOutcome, seconds: number): void;
}

function runSeries({ counter, histogram }: Series, reasons: readonly string[]): RunSeries {
  const outcomes = counter('patchgen_outcomes_total', 'Runs over intents, by the reason they ended with', ['reason']);
  const outcome = childrenOf(reasons, (reason) => outcomes.labels({ reason }));
  const writes = counter('patchgen_status_writes_total', 'Status writes, and those spared because nothing changed', [
    'result',
  ]);
  const write = childrenOf(STATUS_RESULTS, (result) => writes.labels({ result }));
  const removals = counter('patchgen_removals_total', 'Packages removed');
  const publications = counter('patchgen_publish_total', 'Publications, by outcome', ['outcome']);
  const publication = childrenOf(PUBLISH_OUTCOMES, (it) => publications.labels({ outcome: it }));
  const time = histogram('patchgen_publish_seconds', 'Time from the request to the durable package', PUBLISH_BUCKETS);
  return {
    outcome: (reason) => outcome(reason)?.inc(),
    statusWrite: (result) => write(result)?.inc(),
    removed: () => removals.inc(),
    published: (result, seconds) => {
      publication(result)?.inc();
      time.observe(seconds);
    },
  };
}

interface EventSeries {
  /** `series`: counted into an Event that is there already. */
  event(result: (typeof EVENT_RESULTS)[number]): void;
  eventsDropped(count: number): void;
}

function eventSeries({ counter }: Series): EventSeries {
  const events = counter('patchgen_events_total', 'Events of Kubernetes, by what became of them', ['result']);
  const event = childrenOf(EVENT_RESULTS, (result) => events.labels({ result }));
  const dropped = counter('patchgen_events_dropped_total', 'Events given up: too many, or refused');
  return {
    event: (result) => event(result)?.inc(),
    eventsDropped: (count) => {
      event('dropped')?.inc(count);
      dropped.inc(count);
    },
  };
}

interface StateSeries {
  /** Intents by the status of their Ready condition. */
  intents(counts: Readonly<Record<Ready, number>>): void;
  packages(count: number): void;
  /** Removals held now, by cause; absent causes are 0. */
  removalsHeld(counts: Readonly<Partial<Record<HoldCause, number>>>): void;
  storage(bytes: { readonly available: number; readonly needed: number }): void;
  ready(isReady: boolean): void;
  /** Log lines lost because their reader was too slow or gone. */
  logLinesDropped(total: number): void;
}

function stateSeries({ gauge }: Series): StateSeries {
  const intents = gauge('patchgen_intents', 'Intents by the status of their Ready condition', ['ready']);
  const packages = gauge('patchgen_packages', 'Packages under the root');
  const held = gauge('patchgen_removals_held', 'Packages without an intent that are kept for now, by cause', ['cause']);
  const available = gauge('patchgen_storage_available_bytes', 'Free space on the volume of the packages');
  const needed = gauge('patchgen_storage_needed_bytes', 'Free space below which nothing is published');
  const ready = gauge('patchgen_ready', 'Whether this process is ready, 1 or 0');
  const lines = gauge('patchgen_log_lines_dropped', 'Log lines lost because their reader was too slow or gone');
  const setIntents = (counts: Readonly<Partial<Record<Ready, number>>>): void => {
    for (const status of READY) intents.labels({ ready: status }).set(counts[status] ?? 0);
  };
  const setHeld = (counts: Readonly<Partial<Record<HoldCause, number>>>): void => {
    for (const cause of HOLD_CAUSES) held.labels({ cause }).set(counts[cause] ?? 0);
  };
  setIntents({});
  setHeld({});
  return {
    intents: setIntents,
    packages: (count) => packages.set(count),
    removalsHeld: setHeld,
    storage: (bytes) => {
      available.set(bytes.available);
      needed.set(bytes.needed);
    },
    ready: (isReady) => ready.set(isReady ? 1 : 0),
    logLinesDropped: (total) => lines.set(total),
  };
}
