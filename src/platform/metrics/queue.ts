import { type Series, started, timesOf } from './series.ts';

// Source of names, help and buckets: sigs.k8s.io/controller-runtime pkg/metrics/workqueue.go.
const BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];

export interface QueueSeries {
  depth(keys: number): void;
  added(): void;
  waited(seconds: number): void;
  worked(seconds: number): void;
  retried(): void;
  /** Sets the series that depend on the time of the scrape. */
  refresh(): void;
}

/** The series of one work queue. */
export function queueSeries(series: Series, name: string, monotonic: () => number): QueueSeries {
  const counter = (it: string, help: string) =>
    started(series.counter(`workqueue_${it}`, help, ['name']).labels({ name }));
  const gauge = (it: string, help: string) => series.gauge(`workqueue_${it}`, help, ['name']).labels({ name });
  const time = (it: string, help: string) =>
    timesOf(series.histogram(`workqueue_${it}`, help, BUCKETS, ['name']), { name });
  const depth = gauge('depth', 'Current depth of workqueue');
  const adds = counter('adds_total', 'Total number of adds handled by workqueue');
  const retries = counter('retries_total', 'Total number of retries handled by workqueue');
  const waited = time(
    'queue_duration_seconds',
    'How long in seconds an item stays in workqueue before being requested',
  );
  const worked = time('work_duration_seconds', 'How long in seconds processing an item from workqueue takes');
  const unfinished = gauge(
    'unfinished_work_seconds',
    'Seconds of work in progress that work_duration has not observed yet',
  );
  const longest = gauge(
    'longest_running_processor_seconds',
    'Seconds that the longest running processor has been running',
  );
  const inWork = startsOf(monotonic);
  depth.set(0);
  return {
    depth: (keys) => depth.set(keys),
    added: () => adds.inc(),
    retried: () => retries.inc(),
    waited: (seconds) => {
      inWork.started();
      waited.observe(seconds);
    },
    worked: (seconds) => {
      inWork.ended(seconds);
      worked.observe(seconds);
    },
    refresh: () => {
      unfinished.set(inWork.totalSeconds());
      longest.set(inWork.longestSeconds());
    },
  };
}

/** The items in work, known by their start alone: the queue tells when one starts, and how long one that ends took. */
function startsOf(monotonic: () => number) {
  const starts: number[] = [];
  const secondsSince = (start: number): number => (monotonic() - start) / 1000;
  return {
    started: (): void => void starts.push(monotonic()),
    ended: (seconds: number): void => {
      const distances = starts.map((start) => Math.abs(secondsSince(start) - seconds));
      const nearest = distances.indexOf(Math.min(...distances));
      if (nearest >= 0) starts.splice(nearest, 1);
    },
    totalSeconds: (): number => starts.reduce((sum, start) => sum + secondsSince(start), 0),
    longestSeconds: (): number => Math.max(0, ...starts.map(secondsSince)),
  };
}
