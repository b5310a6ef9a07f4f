import { collectDefaultMetrics, Registry } from 'prom-client';
import { type ControllerSeries, controllerSeries, type ElectorSeries, electorSeries } from './metrics/controller.ts';
import type { ReasonLabels } from './metrics/intents.ts';
import { type PlanSeries, planSeries } from './metrics/plan.ts';
import {
  type BookSeries,
  bookSeries,
  type GuardState,
  guardSeries,
  type SurroundingSeries,
  surroundingSeries,
} from './metrics/policy.ts';
import {
  buildInfo,
  heldSeries,
  type PublishSeries,
  publishSeries,
  type RunSeries,
  runSeries,
  type StateSeries,
  stateSeries,
} from './metrics/product.ts';
import { type QueueSeries, queueSeries } from './metrics/queue.ts';
import { seriesOf } from './metrics/series.ts';
import { type StorageSeries, storageSeries } from './metrics/storage.ts';
import {
  type EventSeries,
  eventSeries,
  type ResponseSeen,
  restClientSeries,
  type WatchSeries,
  watchSeries,
} from './metrics/traffic.ts';

export interface MetricsOptions {
  readonly version: string;
  /** Every reason that a run can end with. */
  readonly reasons: Readonly<Record<string, ReasonLabels>>;
  /** Rules of policies that can refuse a change. */
  readonly rules: readonly string[];
  /** Resources that are watched beside the intents. */
  readonly watched: readonly string[];
  readonly workers: number;
  /** Name of the Lease. */
  readonly lease: string;
  /** `host:port` of the API server. */
  readonly host: string;
  /** Free space below which nothing is published. */
  readonly neededBytes: number;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Whether the series of the process and of Node are there too. Default true. */
  readonly process?: boolean;
}

/** Every series of one process, in a registry of its own. Each room takes the part that it declares an interface for. */
export interface Metrics {
  readonly restClient: (seen: ResponseSeen) => void;
  readonly watch: WatchSeries;
  readonly events: EventSeries;
  readonly elector: ElectorSeries;
  readonly term: { readonly queue: QueueSeries; readonly controller: ControllerSeries; readonly reconcile: RunSeries };
  readonly publisher: PublishSeries;
  readonly plans: PlanSeries;
  readonly books: BookSeries;
  /** Tells how the guard of approvals was just seen. */
  readonly approvalGuard: (seen: GuardState) => void;
  readonly surroundings: SurroundingSeries;
  readonly held: { set(counts: ReadonlyMap<string, number>): void };
  readonly storage: StorageSeries;
  readonly state: StateSeries;
  readonly contentType: string;
  /** Runs before each rendering: for numbers that are cheaper to count on demand than to keep. A throw is ignored. */
  onScrape(update: () => void): void;
  /** The text exposition of Prometheus. */
  render(): Promise<string>;
}

const CONTROLLER = 'patchintent';
// The default of 10 ms would wake an idle process a hundred times a second.
const EVENT_LOOP_PRECISION_MS = 100;

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const series = seriesOf(registry);
  const queue = queueSeries(series, CONTROLLER, options.monotonic);
  const updates: (() => void)[] = [queue.refresh];
  buildInfo(series, options.version);
  if (options.process ?? true) {
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  }
  return {
    restClient: restClientSeries(series, options.host),
    watch: watchSeries(series),
    events: eventSeries(series),
    elector: electorSeries(series, options.lease),
    term: {
      queue,
      controller: controllerSeries(series, CONTROLLER, options.workers),
      reconcile: runSeries(series, Object.keys(options.reasons), options.rules),
    },
    publisher: publishSeries(series),
    plans: planSeries(series),
    books: bookSeries(series),
    approvalGuard: guardSeries(series),
    surroundings: surroundingSeries(series, options.watched),
    held: heldSeries(series),
    storage: storageSeries(series, options.neededBytes),
    state: stateSeries(series, reportable(options.reasons)),
    contentType: registry.contentType,
    onScrape: (update) => void updates.push(update),
    render: () => {
      for (const update of updates) runQuietly(update);
      return registry.metrics();
    },
  };
}

/** Reasons that a condition can be False with: a success is True, and what was cancelled or overtaken is not written. */
function reportable(reasons: MetricsOptions['reasons']): MetricsOptions['reasons'] {
  const classes = new Set(['Rejected', 'Waiting', 'Transient']);
  return Object.fromEntries(Object.entries(reasons).filter(([, labels]) => classes.has(labels.class)));
}

// One number that cannot be had must not cost all the others.
function runQuietly(update: () => void): void {
  try {
    update();
  } catch {}
}
