import { type IntentNumbers, intentSeries, type ReasonLabels } from './intents.ts';
import { type PolicyNumbers, policySeries } from './policy.ts';
import { childrenOf, type Series } from './series.ts';

const PUBLISH_OUTCOMES = ['written', 'unchanged', 'restored', 'failed'] as const;
const STATUS_RESULTS = ['written', 'equal', 'conflict', 'failed'] as const;
const HOLD_CAUSES = ['all', 'kind', 'rewound', 'brake'] as const;
const PUBLISH_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

type PublishOutcome = (typeof PUBLISH_OUTCOMES)[number];
type StatusResult = (typeof STATUS_RESULTS)[number];

/** What runs over intents count. */
export interface RunSeries {
  /** A run ended with this reason of the reason table; others are not counted. */
  outcome(reason: string): void;
  statusWrite(result: StatusResult): void;
  /** A package was removed. */
  removed(): void;
  /** A status was written that tells of a refusal by this rule of a policy; rules that are not known are not counted. */
  denied(rule: string): void;
}

export function runSeries({ counter }: Series, reasons: readonly string[], rules: readonly string[]): RunSeries {
  const outcomes = counter('patchgen_outcomes_total', 'Runs over intents, by the reason they ended with', ['reason']);
  const outcome = childrenOf(reasons, (reason) => outcomes.labels({ reason }));
  const writes = counter('patchgen_status_writes_total', 'Status writes, and those spared because nothing changed', [
    'result',
  ]);
  const write = childrenOf(STATUS_RESULTS, (result) => writes.labels({ result }));
  const removals = counter('patchgen_removals_total', 'Packages removed');
  const denials = counter(
    'patchgen_policy_denials_total',
    'Status writes that tell of a refusal by a policy, by the rule',
    ['rule'],
  );
  const denial = childrenOf(rules, (rule) => denials.labels({ rule }));
  return {
    outcome: (reason) => outcome(reason)?.inc(),
    statusWrite: (result) => write(result)?.inc(),
    removed: () => removals.inc(),
    denied: (rule) => denial(rule)?.inc(),
  };
}

export interface PublishSeries {
  /** A publication ended, after so many seconds: `failed` for any failure. */
  published(outcome: PublishOutcome, seconds: number): void;
}

export function publishSeries({ counter, histogram }: Series): PublishSeries {
  const publications = counter('patchgen_publish_total', 'Publications, by outcome', ['outcome']);
  const publication = childrenOf(PUBLISH_OUTCOMES, (outcome) => publications.labels({ outcome }));
  const time = histogram('patchgen_publish_seconds', 'Time from the request to the durable package', PUBLISH_BUCKETS);
  return {
    published: (outcome, seconds) => {
      publication(outcome)?.inc();
      time.observe(seconds);
    },
  };
}

/** Numbers that whoever knows them sets, at a change or when scraped (`onScrape`). */
export interface StateSeries {
  intents(now: IntentNumbers): void;
  policies(now: PolicyNumbers): void;
  packages(count: number): void;
  ready(isReady: boolean): void;
  /** Whether this process is the one that writes: elected, and its root claimed. */
  leading(isLeading: boolean): void;
  /** The thread that writes: whether it lives, and how long its oldest call has waited. */
  publisher(health: { readonly threadAlive: boolean; readonly oldestCallMs: number }): void;
  /** Seconds since a watch last showed that it is alive. */
  watchContact(seconds: number): void;
  /** Log lines lost because their reader was too slow or gone. */
  logLinesDropped(total: number): void;
}

const NO_INTENTS: IntentNumbers = Object.freeze({
  ready: { True: 0, False: 0, Unknown: 0 },
  notReady: new Map(),
  outdated: 0,
  outdatedSeconds: 0,
  undecodable: 0,
  awaitingApproval: 0,
  awaitingApprovalSeconds: 0,
  conflicts: { autoscaler: 0, intent: 0 },
});

/** `reasons`: those with which an intent can be not ready. */
export function stateSeries(series: Series, reasons: Readonly<Record<string, ReasonLabels>>): StateSeries {
  const { gauge } = series;
  const intents = intentSeries(series, reasons);
  const packages = gauge('patchgen_packages', 'Packages under the root, told by the leader');
  const ready = gauge('patchgen_ready', 'Whether this process is ready, 1 or 0');
  const leading = gauge('patchgen_leading', 'Whether this process leads and has claimed the package root, 1 or 0');
  const contact = gauge('patchgen_watch_last_contact_seconds', 'Seconds since a watch last showed that it is alive');
  const lines = gauge('patchgen_log_lines_dropped', 'Log lines lost because their reader was too slow or gone');
  const alive = gauge('patchgen_publisher_up', 'Whether the publisher thread is there, 1 or 0');
  const oldest = gauge(
    'patchgen_publisher_oldest_call_seconds',
    'Seconds that the oldest call to the publisher thread has waited',
  );
  intents(NO_INTENTS);
  return {
    intents,
    policies: policySeries(series),
    packages: (count) => packages.set(count),
    ready: (isReady) => ready.set(isReady ? 1 : 0),
    leading: (isLeading) => leading.set(isLeading ? 1 : 0),
    publisher: ({ threadAlive, oldestCallMs }) => {
      alive.set(threadAlive ? 1 : 0);
      oldest.set(oldestCallMs / 1000);
    },
    watchContact: (seconds) => contact.set(seconds),
    logLinesDropped: (total) => lines.set(total),
  };
}

/** Removals held now, by cause; absent causes are 0. */
export function heldSeries({ gauge }: Series): { set(counts: ReadonlyMap<string, number>): void } {
  const held = gauge('patchgen_removals_held', 'Packages without an intent that are kept for now, by cause', ['cause']);
  const set = (counts: ReadonlyMap<string, number>): void => {
    for (const cause of HOLD_CAUSES) held.labels({ cause }).set(counts.get(cause) ?? 0);
  };
  set(new Map());
  return { set };
}

export function buildInfo({ gauge }: Series, version: string): void {
  const build = gauge('patchgen_build_info', 'Always 1; the labels tell the versions', ['version', 'node']);
  build.labels({ version, node: process.version }).set(1);
}
