import { childrenOf, type Series } from './series.ts';

const READY = ['True', 'False', 'Unknown'] as const;
const PUBLISH_OUTCOMES = ['written', 'unchanged', 'restored', 'failed'] as const;
const STATUS_RESULTS = ['written', 'equal', 'conflict', 'failed'] as const;
const EVENT_RESULTS = ['sent', 'series', 'failed'] as const;
const HOLD_CAUSES = ['all', 'kind', 'rewound', 'brake'] as const;
const PUBLISH_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

type Ready = (typeof READY)[number];
type PublishOutcome = (typeof PUBLISH_OUTCOMES)[number];
type StatusResult = (typeof STATUS_RESULTS)[number];
type EventResult = (typeof EVENT_RESULTS)[number];
type HoldCause = (typeof HOLD_CAUSES)[number];

/** What only Patchgen counts. Gauges are set by whoever knows the number; labels outside the known ones are not counted. */
export interface ProductMetrics {
  /** A run over an intent ended with this reason of the reason table. */
  outcome(reason: string): void;
  statusWrite(result: StatusResult): void;
  /** A package was removed. */
  removed(): void;
  /** A publication ended: `failed` for any failure. */
  published(outcome: PublishOutcome, seconds: number): void;
  event(result: EventResult): void;
  eventsDropped(count: number): void;
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

export interface ProductOptions {
  readonly version: string;
  readonly node: string;
  readonly reasons: readonly string[];
}

export function productMetrics(series: Series, options: ProductOptions): ProductMetrics {
  const { gauge } = series;
  const ready = gauge('patchgen_ready', 'Whether this process is ready, 1 or 0');
  const build = gauge('patchgen_build_info', 'Always 1; the labels tell the versions', ['version', 'node']);
  build.labels({ version: options.version, node: options.node }).set(1);
  ready.set(0);
  return {
    ...runs(series, options.reasons),
    ...events(series),
    ...holdings(series),
    ready: (isReady) => ready.set(isReady ? 1 : 0),
  };
}

function runs({ counter, histogram }: Series, reasons: readonly string[]) {
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
    outcome: (reason: string) => outcome(reason)?.inc(),
    statusWrite: (result: StatusResult) => write(result)?.inc(),
    removed: () => removals.inc(),
    published: (result: PublishOutcome, seconds: number) => {
      publication(result)?.inc();
      time.observe(seconds);
    },
  };
}

function events({ counter, gauge }: Series) {
  const sent = counter('patchgen_events_total', 'Events of Kubernetes by what became of them', ['result']);
  const event = childrenOf(EVENT_RESULTS, (result) => sent.labels({ result }));
  const dropped = counter('patchgen_events_dropped_total', 'Events given up because too many waited');
  const lines = gauge('patchgen_log_lines_dropped', 'Log lines lost because their reader was too slow or gone');
  return {
    event: (result: EventResult) => event(result)?.inc(),
    eventsDropped: (count: number) => dropped.inc(count),
    logLinesDropped: (total: number) => lines.set(total),
  };
}

function holdings({ gauge }: Series) {
  const intents = gauge('patchgen_intents', 'Intents by the status of their Ready condition', ['ready']);
  const packages = gauge('patchgen_packages', 'Packages under the root');
  const held = gauge('patchgen_removals_held', 'Packages without an intent that are kept for now, by cause', ['cause']);
  const available = gauge('patchgen_storage_available_bytes', 'Free space on the volume of the packages');
  const needed = gauge('patchgen_storage_needed_bytes', 'Free space below which nothing is published');
  for (const ready of READY) intents.labels({ ready }).set(0);
  for (const cause of HOLD_CAUSES) held.labels({ cause }).set(0);
  return {
    intents: (counts: Readonly<Record<Ready, number>>) => {
      for (const ready of READY) intents.labels({ ready }).set(counts[ready]);
    },
    packages: (count: number) => packages.set(count),
    removalsHeld: (counts: Readonly<Partial<Record<HoldCause, number>>>) => {
      for (const cause of HOLD_CAUSES) held.labels({ cause }).set(counts[cause] ?? 0);
    },
    storage: (bytes: { readonly available: number; readonly needed: number }) => {
      available.set(bytes.available);
      needed.set(bytes.needed);
    },
  };
}
