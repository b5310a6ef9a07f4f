import { chosen, quantilesOf, type Row, rateOf } from './panel.ts';

const OVERVIEW: Row = {
  title: 'Overview',
  panels: [
    {
      title: 'Pods ready',
      description: 'Pods that are ready. A standby is ready too.',
      kind: 'stat',
      unit: 'none',
      width: 3,
      failBelow: 1,
      queries: [{ expr: `sum(${chosen('patchgen_ready')})` }],
    },
    {
      title: 'Leader',
      description: 'The pod that works; the others stand by.',
      kind: 'stat',
      unit: 'none',
      width: 6,
      names: true,
      queries: [{ expr: `${chosen('patchgen_leading')} == 1`, legend: '{{pod}}' }],
    },
    {
      title: 'Intents',
      description: 'Intents by the status of their Ready condition.',
      kind: 'stat',
      unit: 'none',
      width: 6,
      queries: [{ expr: `max by (ready) (${chosen('patchgen_intents')})`, legend: 'Ready {{ready}}' }],
    },
    {
      title: 'Packages',
      description: 'Packages under the root of the leader.',
      kind: 'stat',
      unit: 'none',
      width: 3,
      queries: [{ expr: `max(${chosen('patchgen_packages')})` }],
    },
    {
      title: 'Removals held',
      description: 'Packages without an intent that are kept for now.',
      kind: 'stat',
      unit: 'none',
      width: 3,
      warnFrom: 1,
      queries: [{ expr: `sum(max by (cause) (${chosen('patchgen_removals_held')}))` }],
    },
    {
      title: 'Alerts',
      description: 'Alerts of this installation that fire now.',
      kind: 'stat',
      unit: 'none',
      width: 3,
      failFrom: 1,
      queries: [
        {
          expr: 'count(ALERTS{alertname=~"Patchgen.*", alertstate="firing", namespace="$namespace", job="$job"}) or vector(0)',
        },
      ],
    },
    {
      title: 'Intents that are not ready, by reason',
      description: 'Reasons are explained in docs/reasons.md.',
      kind: 'timeseries',
      unit: 'short',
      width: 12,
      queries: [
        {
          expr: `max by (class, reason) (${chosen('patchgen_intents_not_ready')}) > 0`,
          legend: '{{reason}} ({{class}})',
        },
      ],
    },
    {
      title: 'Outdated intents',
      description: 'Intents whose status is behind their spec.',
      kind: 'timeseries',
      unit: 'short',
      width: 6,
      queries: [
        { expr: `max(${chosen('patchgen_intents_outdated')})`, legend: 'outdated' },
        { expr: `max(${chosen('patchgen_intents_undecodable')})`, legend: 'cannot be read' },
      ],
    },
    {
      title: 'Oldest outdated intent',
      description: 'For how long the status of an outdated intent has not moved.',
      kind: 'timeseries',
      unit: 's',
      width: 6,
      queries: [{ expr: `max(${chosen('patchgen_intents_outdated_seconds')})`, legend: 'oldest' }],
    },
  ],
};

const WORK: Row = {
  title: 'Throughput and latency',
  panels: [
    {
      title: 'Runs by result',
      description: 'Runs over intents. error: tried again with backoff.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (result) (${rateOf('controller_runtime_reconcile_total')})`, legend: '{{result}}' }],
    },
    {
      title: 'Time of a run',
      description: 'From the take of a key to the end of its run, the status write included.',
      kind: 'timeseries',
      unit: 's',
      queries: quantilesOf('controller_runtime_reconcile_time_seconds'),
    },
    {
      title: 'Runs by reason',
      description: 'The reason with which runs ended.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (reason) (${rateOf('patchgen_outcomes_total')}) > 0`, legend: '{{reason}}' }],
    },
    {
      title: 'Publications by outcome',
      description: 'unchanged: the package was as it should be. restored: somebody had altered it.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (outcome) (${rateOf('patchgen_publish_total')})`, legend: '{{outcome}}' }],
    },
    {
      title: 'Time of a publication',
      description: 'From the request to the durable package.',
      kind: 'timeseries',
      unit: 's',
      queries: quantilesOf('patchgen_publish_seconds'),
    },
    {
      title: 'Status writes',
      description: 'equal: spared, because nothing changed. conflict: somebody else wrote in between.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (result) (${rateOf('patchgen_status_writes_total')})`, legend: '{{result}}' }],
    },
    {
      title: 'Errors of runs',
      description: 'thrown: errors without a reason, so bugs. late: runs past their deadline of a minute.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [
        { expr: `sum(${rateOf('controller_runtime_reconcile_errors_total')})`, legend: 'failed' },
        { expr: `sum(${rateOf('controller_runtime_reconcile_panics_total')})`, legend: 'thrown' },
        { expr: `sum(${rateOf('controller_runtime_reconcile_timeouts_total')})`, legend: 'late' },
        { expr: `sum(${rateOf('patchgen_failure_reports_failed_total')})`, legend: 'not told' },
      ],
    },
  ],
};

const QUEUE: Row = {
  title: 'Queue',
  panels: [
    {
      title: 'Depth',
      description: 'Intents that wait for a worker.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: chosen('workqueue_depth'), legend: '{{pod}}' }],
    },
    {
      title: 'Adds and retries',
      description: 'Keys added to the queue, and those added with backoff after a failure.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [
        { expr: `sum(${rateOf('workqueue_adds_total')})`, legend: 'added' },
        { expr: `sum(${rateOf('workqueue_retries_total')})`, legend: 'tried again' },
      ],
    },
    {
      title: 'Time in the queue',
      description: 'From the add to the take. The regular look at every intent waits behind fresh changes.',
      kind: 'timeseries',
      unit: 's',
      queries: quantilesOf('workqueue_queue_duration_seconds'),
    },
    {
      title: 'Time of work',
      description: 'From the take to the end.',
      kind: 'timeseries',
      unit: 's',
      queries: quantilesOf('workqueue_work_duration_seconds'),
    },
    {
      title: 'Work under way',
      description: 'The longest run under way, and the time of all of them together.',
      kind: 'timeseries',
      unit: 's',
      queries: [
        { expr: chosen('workqueue_longest_running_processor_seconds'), legend: '{{pod}} longest' },
        { expr: chosen('workqueue_unfinished_work_seconds'), legend: '{{pod}} all' },
      ],
    },
    {
      title: 'Workers',
      description: 'Workers in use, and how many there are.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: chosen('controller_runtime_active_workers'), legend: '{{pod}} in use' },
        { expr: `max(${chosen('controller_runtime_max_concurrent_reconciles')})`, legend: 'there are' },
      ],
    },
  ],
};

export const WORK_ROWS: readonly Row[] = [OVERVIEW, WORK, QUEUE];
