import { childrenOf, type Series, started, timesOf } from './series.ts';

// Names, help and buckets are those of controller-runtime, so that dashboards made for it work.
// Source: sigs.k8s.io/controller-runtime pkg/internal/controller/metrics.
const RECONCILE_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
const RESULTS = ['success', 'requeue', 'requeue_after', 'error'] as const;
const PREFIX = 'controller_runtime';

export interface ControllerSeries {
  reconciled(result: (typeof RESULTS)[number], seconds: number): void;
  threw(): void;
  overran(): void;
  reportFailed(): void;
  active(runs: number): void;
}

/** The series of one controller. */
export function controllerSeries(series: Series, controller: string, workers: number): ControllerSeries {
  const by = ['controller'] as const;
  const counter = (name: string, help: string) => started(series.counter(name, help, by).labels({ controller }));
  const gauge = (name: string, help: string) => series.gauge(name, help, by).labels({ controller });
  const total = series.counter(`${PREFIX}_reconcile_total`, 'Total number of reconciliations per controller', [
    'controller',
    'result',
  ]);
  const ended = childrenOf(RESULTS, (result) => total.labels({ controller, result }));
  const errors = counter(`${PREFIX}_reconcile_errors_total`, 'Total number of reconciliation errors per controller');
  const panics = counter(`${PREFIX}_reconcile_panics_total`, 'Total number of reconciliations that threw');
  const timeouts = counter(`${PREFIX}_reconcile_timeouts_total`, 'Total number of reconciliations past their deadline');
  const unreported = counter(
    'patchgen_failure_reports_failed_total',
    'Failures that could not be told on their object',
  );
  const times = series.histogram(
    `${PREFIX}_reconcile_time_seconds`,
    'Length of time per reconciliation per controller',
    RECONCILE_BUCKETS,
    by,
  );
  const time = timesOf(times, { controller });
  const active = gauge(`${PREFIX}_active_workers`, 'Number of currently used workers per controller');
  gauge(`${PREFIX}_max_concurrent_reconciles`, 'Maximum number of concurrent reconciles per controller').set(workers);
  active.set(0);
  return {
    reconciled: (result, seconds) => {
      ended(result)?.inc();
      if (result === 'error') errors.inc();
      time.observe(seconds);
    },
    threw: () => panics.inc(),
    overran: () => timeouts.inc(),
    reportFailed: () => unreported.inc(),
    active: (runs) => active.set(runs),
  };
}

export interface ElectorSeries {
  leading(isLeader: boolean): void;
  attempted(ok: boolean, seconds: number): void;
  /** `leaseTransitions` of the Lease, as it was last seen. */
  transitions(count: number): void;
}

/** The series of one candidacy. Source of the first: client-go tools/leaderelection. */
export function electorSeries({ counter, gauge, histogram }: Series, name: string): ElectorSeries {
  const status = gauge(
    'leader_election_master_status',
    'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
    ['name'],
  ).labels({ name });
  const attempts = counter('patchgen_lease_attempts_total', 'Attempts to take or renew the Lease', ['result']);
  const attempt = childrenOf(['ok', 'failed'], (result) => attempts.labels({ result }));
  const time = histogram('patchgen_lease_attempt_seconds', 'Time of one attempt', [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10]);
  // Without a first value: what was not seen yet must not look like a change once it is.
  const transitions = gauge('patchgen_lease_transitions', 'Times that the Lease changed hands, as the Lease tells', [
    'name',
  ]);
  status.set(0);
  return {
    leading: (isLeader) => status.set(isLeader ? 1 : 0),
    attempted: (ok, seconds) => {
      attempt(ok ? 'ok' : 'failed')?.inc();
      time.observe(seconds);
    },
    transitions: (count) => transitions.labels({ name }).set(count),
  };
}
