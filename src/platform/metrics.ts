import { collectDefaultMetrics, Registry } from 'prom-client';
import { type EngineMetrics, engineMetrics } from './metrics/engine.ts';
import { type ProductMetrics, type ProductOptions, productMetrics } from './metrics/product.ts';
import { seriesOf } from './metrics/series.ts';
import { type TrafficMetrics, trafficMetrics } from './metrics/traffic.ts';

export interface MetricsOptions extends ProductOptions {
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Whether the series of the process and of Node are there too. Default true. */
  readonly process?: boolean;
}

/** Every series of one process, in a registry of its own. Each room takes the part that it declares an interface for. */
export interface Metrics extends EngineMetrics, TrafficMetrics {
  readonly patchgen: ProductMetrics;
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
  const onScrape = (update: () => void): void => void updates.push(update);
  if (options.process ?? true) {
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  }
  return {
    ...engineMetrics(series, options.monotonic, onScrape),
    ...trafficMetrics(series, options.monotonic, onScrape),
    patchgen: productMetrics(series, options),
    contentType: registry.contentType,
    onScrape,
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
