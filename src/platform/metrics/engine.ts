import { childrenOf, type Series } from './series.ts';

// Names, help and buckets are those of controller-runtime and client-go, so that dashboards made for them work.
// Source: sigs.k8s.io/controller-runtime pkg/internal/controller/metrics and pkg/metrics.
const RECONCILE_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
const QUEUE_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];

const RESULTS = ['success', 'requeue', 'requeue_after', 'error'] as const;

export interface EngineMetrics {
  /** The series of one controller, by its name. */
  controller(name: string, workers: number): ControllerSeries;
  /** The series of one work queue, by its name. */
  queue(name: string): QueueSeries;
  elector(name: string): { leading(isLeader: boolean): void };
}

export interface ControllerSeries {
  reconciled(result: (typeof RESULTS)[number], seconds: number): void;
  threw(): void;
  overran(): void;
  reportFailed(): void;
  active(runs: number): void;
}

export interface QueueSeries {
  depth(keys: number): void;
  added(): void;
  waited(seconds: number): void;
  worked(seconds: number): void;
  retried(): void;
}

/** Series of the engine. `onScrape` runs before each rendering; `monotonic` is in milliseconds. */
export function engineMetrics(
  series: Series,
  monotonic: () => number,
  onScrape: (update: () => void) => void,
): EngineMetrics {
  return {
    controller: controllerSeries(series),
    queue: queueSeries(series, monotonic, onScrape),
    elector: electorSeries(series),
  };
}

function controllerSeries({ counter, gauge, histogram }: Series): EngineMetrics['controller'] {
  const by = ['controller'] as const;
  const total = counter('controller_runtime_reconcile_total', 'Total number of reconciliations per controller', [
    'controller',
    'result',
  ]);
  const errors = counter(
    'controller_runtime_reconcile_errors_total',
    'Total number of reconciliation errors per controller',
    by,
  );
  const panics = counter(
    'controller_runtime_reconcile_panics_total',
    'Total number of reconciliations that threw per controller',
    by,
  );
  const timeouts = counter(
    'controller_runtime_reconcile_timeouts_total',
    'Total number of reconciliations past their deadline per controller',
    by,
  );
  const unreported = counter(
    'patchgen_failure_reports_failed_total',
    'Failures that could not be told on their object',
    by,
  );
  const time = histogram(
    'controller_runtime_reconcile_time_seconds',
    'Length of time per reconciliation per controller',
    RECONCILE_BUCKETS,
    by,
  );
  const active = gauge('controller_runtime_active_workers', 'Number of currently used workers per controller', by);
  const most = gauge(
    'controller_runtime_max_concurrent_reconciles',
    'Maximum number of concurrent reconciles per controller',
    by,
  );
  return (controller, workers) => {
    const ended = childrenOf(RESULTS, (result) => total.labels({ controller, result }));
    const [failed, threw, overran, reportFailed] = [errors, panics, timeouts, unreported].map((it) =>
      it.labels({ controller }),
    );
    const [seconds, busy] = [time.labels({ controller }), active.labels({ controller })];
    busy.set(0);
    most.labels({ controller }).set(workers);
    return {
      reconciled: (result, took) => {
        ended(result)?.inc();
        if (result === 'error') failed?.inc();
        seconds.observe(took);
      },
      threw: () => threw?.inc(),
      overran: () => overran?.inc(),
      reportFailed: () => reportFailed?.inc(),
      active: (runs) => busy.set(runs),
    };
  };
}

function queueSeries(
  { counter, gauge, histogram }: Series,
  monotonic: () => number,
  onScrape: (update: () => void) => void,
): EngineMetrics['queue'] {
  const by = ['name'] as const;
  const depth = gauge('workqueue_depth', 'Current depth of workqueue', by);
  const adds = counter('workqueue_adds_total', 'Total number of adds handled by workqueue', by);
  const retries = counter('workqueue_retries_total', 'Total number of retries handled by workqueue', by);
  const waited = histogram(
    'workqueue_queue_duration_seconds',
    'How long in seconds an item stays in workqueue before being requested',
    QUEUE_BUCKETS,
    by,
  );
  const worked = histogram(
    'workqueue_work_duration_seconds',
    'How long in seconds processing an item from workqueue takes',
    QUEUE_BUCKETS,
    by,
  );
  const unfinished = gauge(
    'workqueue_unfinished_work_seconds',
    'Seconds of work in progress that work_duration has not observed yet',
    by,
  );
  const longest = gauge(
    'workqueue_longest_running_processor_seconds',
    'How many seconds the longest running processor has been running',
    by,
  );
  return (name) => {
    const inFlight = startsOf(monotonic);
    const of = { depth: depth.labels({ name }), adds: adds.labels({ name }), retries: retries.labels({ name }) };
    const times = { waited: waited.labels({ name }), worked: worked.labels({ name }) };
    onScrape(() => {
      unfinished.labels({ name }).set(inFlight.totalSeconds());
      longest.labels({ name }).set(inFlight.longestSeconds());
    });
    of.depth.set(0);
    return {
      depth: (keys) => of.depth.set(keys),
      added: () => of.adds.inc(),
      retried: () => of.retries.inc(),
      waited: (seconds) => {
        inFlight.started();
        times.waited.observe(seconds);
      },
      worked: (seconds) => {
        inFlight.ended(seconds);
        times.worked.observe(seconds);
      },
    };
  };
}

/** The items in work, known by their start alone: the queue tells when one starts, and how long one that ends took. */
function startsOf(monotonic: () => number) {
  const starts: number[] = [];
  return {
    started: (): void => void starts.push(monotonic()),
    ended: (seconds: number): void => {
      const start = monotonic() - seconds * 1000;
      const distances = starts.map((at) => Math.abs(at - start));
      starts.splice(distances.indexOf(Math.min(...distances)), 1);
    },
    totalSeconds: (): number => starts.reduce((sum, at) => sum + (monotonic() - at) / 1000, 0),
    longestSeconds: (): number => (starts.length === 0 ? 0 : (monotonic() - Math.min(...starts)) / 1000),
  };
}

function electorSeries({ gauge }: Series): EngineMetrics['elector'] {
  const master = gauge(
    'leader_election_master_status',
    'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
    ['name'],
  );
  return (name) => {
    const status = master.labels({ name });
    status.set(0);
    return { leading: (isLeader) => status.set(isLeader ? 1 : 0) };
  };
}
