import { collectDefaultMetrics, Registry } from 'prom-client';
import { type ControllerSeries, controllerSeries, type ElectorSeries, electorSeries } from './metrics/controller.ts';
import { type ProductMetrics, type ProductOptions, productMetrics } from './metrics/product.ts';
import { type QueueSeries, queueSeries } from './metrics/queue.ts';
import { seriesOf } from './metrics/series.ts';
import { type RestClientSeries, restClientSeries, type WatchSeries, watchSeries } from './metrics/traffic.ts';

export interface MetricsOptions extends ProductOptions {
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Whether the series of the process and of Node are there too. Default true. */
  readonly process?: boolean;
}

/**
 * Every series of one process, in a registry of its own. Each room takes the part that it declares an interface for.
 * The named parts may be asked for more than once, by different names.
 */
export interface Metrics {
  readonly patchgen: ProductMetrics;
  controller(name: string, workers: number): ControllerSeries;
  queue(name: string): QueueSeries;
  elector(name: string): ElectorSeries;
  /** By `host:port` of the API server. */
  restClient(host: string): RestClientSeries;
  watch(resource: string): WatchSeries;
  readonly contentType: string;
  /** Runs before each rendering: for numbers that are cheaper to count on demand than to keep. A throw is ignored. */
  onScrape(update: () => void): void;
  /** The text exposition of Prometheus. */
  render(): Promise<string>;
}

// The default of 10 ms would wake an idle process a hundred times a second.
const EVENT_LOOP_PRECISION_MS = 100;

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const series = seriesOf(registry);
  const updates: (() => void)[] = [];
  const refreshed = <T extends { refresh(): void }>(it: T): T => {
    updates.push(it.refresh);
    return it;
  };
  if (options.process ?? true) {
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  }
  const queue = queueSeries(series, options.monotonic);
  const watch = watchSeries(series, options.monotonic);
  return {
    patchgen: productMetrics(series, options),
    controller: controllerSeries(series),
    queue: (name) => refreshed(queue(name)),
    elector: electorSeries(series),
    restClient: restClientSeries(series),
    watch: (resource) => refreshed(watch(resource)),
    contentType: registry.contentType,
    onScrape: (update) => void updates.push(update),
    render: () => {
      for (const update of updates) runQuietly(update);
      return registry.metrics();
    },
  };
}

// One number that cannot be had must not cost all the others.
function runQuietly(update: () => void): void {
  try {
    update();
  } catch {}
}
