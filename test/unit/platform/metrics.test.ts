import { describe, expect, test } from 'vitest';
import { REASONS } from '../../../src/api/reasons.ts';
import { RESOURCES, type SurroundingsMetrics } from '../../../src/cli/run/surroundings/surroundings-types.ts';
import { createMetrics, type Metrics } from '../../../src/platform/metrics.ts';
import { REFUSING_RULES } from '../../../src/policy/evaluate.ts';
import type { ReconcileMetrics } from '../../../src/reconcile/deps.ts';
import type { BooksMetrics } from '../../../src/reconcile/permit/books-types.ts';
import type { ControllerMetrics } from '../../../src/runtime/controller.ts';
import type { ElectorMetrics } from '../../../src/runtime/elector.ts';
import type { EventMetrics } from '../../../src/runtime/events.ts';
import type { QueueMetrics } from '../../../src/runtime/queue.ts';
import type { ReflectorMetrics } from '../../../src/runtime/reflector.ts';

// What each room asks for is what it gets: the compiler checks it here.
const fits = (metrics: Metrics) => ({
  queue: metrics.term.queue satisfies QueueMetrics,
  controller: metrics.term.controller satisfies ControllerMetrics,
  reconcile: metrics.term.reconcile satisfies ReconcileMetrics,
  elector: metrics.elector satisfies ElectorMetrics,
  events: metrics.events satisfies EventMetrics,
  watch: metrics.watch satisfies ReflectorMetrics,
  books: metrics.books satisfies BooksMetrics,
  surroundings: metrics.surroundings satisfies SurroundingsMetrics,
});

function setUp() {
  const clock = { ms: 0 };
  const metrics = createMetrics({
    version: '1.2.3',
    reasons: REASONS,
    rules: REFUSING_RULES,
    watched: RESOURCES,
    workers: 16,
    lease: 'patchgen',
    host: '10.0.0.1:443',
    neededBytes: 1024,
    monotonic: () => clock.ms,
    process: false,
  });
  const value = async (series: string): Promise<number | undefined> => {
    const line = (await metrics.render()).split('\n').find((it) => it.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };
  return { metrics: { ...metrics, ...fits(metrics) }, value, clock };
}

describe('metrics', () => {
  test.each([
    'controller_runtime_reconcile_total{controller="patchintent",result="error"}',
    'controller_runtime_reconcile_errors_total{controller="patchintent"}',
    'controller_runtime_reconcile_time_seconds_count{controller="patchintent"}',
    'controller_runtime_active_workers{controller="patchintent"}',
    'workqueue_depth{name="patchintent"}',
    'workqueue_adds_total{name="patchintent"}',
    'workqueue_retries_total{name="patchintent"}',
    'workqueue_queue_duration_seconds_count{name="patchintent"}',
    'workqueue_work_duration_seconds_count{name="patchintent"}',
    'workqueue_unfinished_work_seconds{name="patchintent"}',
    'workqueue_longest_running_processor_seconds{name="patchintent"}',
    'leader_election_master_status{name="patchgen"}',
    'rest_client_requests_total{code="200",method="PUT",host="10.0.0.1:443"}',
    'patchgen_status_writes_total{result="conflict"}',
    'patchgen_publish_total{outcome="failed"}',
    'patchgen_publish_seconds_count',
    'patchgen_events_total{result="sent"}',
    'patchgen_events_dropped_total{cause="rate"}',
    'patchgen_watch_restarts_total{cause="expired"}',
    'patchgen_watch_last_contact_seconds',
    'patchgen_removals_held{cause="brake"}',
    'patchgen_removals_total',
    'patchgen_intents{ready="False"}',
    'patchgen_packages',
    'patchgen_ready',
    'patchgen_storage_available_bytes',
    'patchgen_storage_size_bytes',
    'patchgen_storage_usable',
    'patchgen_leading',
    'patchgen_publisher_up',
    'patchgen_publisher_oldest_call_seconds',
    'patchgen_intents_outdated',
    'patchgen_intents_outdated_seconds',
    'patchgen_intents_undecodable',
    'patchgen_approvals_pending',
    'patchgen_approvals_pending_oldest_seconds',
    'patchgen_approval_guard{state="broken"}',
    'patchgen_conflicts{by="autoscaler"}',
    'patchgen_policies{ready="False"}',
    'patchgen_policies_braking',
    ...REFUSING_RULES.map((rule) => `patchgen_policy_denials_total{rule="${rule}"}`),
    'patchgen_policy_reservations_total{result="failed"}',
    'patchgen_policy_writes_total{result="failed"}',
    'patchgen_plan_reads_total{result="unreadable"}',
    'patchgen_plan_read_seconds_count',
    ...RESOURCES.map((resource) => `patchgen_watch_unreadable{resource="${resource}"}`),
    'patchgen_intents_not_ready{reason="InvalidSpec",class="Rejected",step="validate"}',
    'patchgen_intents_not_ready{reason="other",class="other",step="other"}',
    ...Object.keys(REASONS).map((reason) => `patchgen_outcomes_total{reason="${reason}"}`),
  ])('%s is there with 0 before anything happened', async (series) => {
    expect(await setUp().value(series)).toBe(0);
  });

  test('numbers that never change are there too', async () => {
    const { value } = setUp();
    expect(await value('controller_runtime_max_concurrent_reconciles{controller="patchintent"}')).toBe(16);
    expect(await value(`patchgen_build_info{version="1.2.3",node="${process.version}"}`)).toBe(1);
    expect(await value('patchgen_storage_needed_bytes')).toBe(1024);
  });

  test('labels stay bounded, whatever is told', async () => {
    const { metrics } = setUp();
    const before = (await metrics.render()).split('\n').length;
    metrics.reconcile.outcome('<script>');
    metrics.watch.watchEnded('strange');
    metrics.watch.event('STRANGE');
    metrics.events.dropped('strange');
    metrics.restClient({ method: 'BREW', status: 418 });
    expect((await metrics.render()).split('\n').length).toBe(before);
  });

  test('an answer counts by its code, and a missing one as <error>', async () => {
    const { metrics, value } = setUp();
    metrics.restClient({ method: 'PUT', status: 409 });
    metrics.restClient({ method: 'PUT', status: undefined });
    expect(await value('rest_client_requests_total{code="409",method="PUT",host="10.0.0.1:443"}')).toBe(1);
    expect(await value('rest_client_requests_total{code="<error>",method="PUT",host="10.0.0.1:443"}')).toBe(1);
  });

  test('work in progress is told by its age, and forgotten when it ends, in whatever order', async () => {
    const { metrics, value, clock } = setUp();
    const { queue } = metrics;
    queue.waited(0);
    clock.ms = 2_000;
    queue.waited(0);
    clock.ms = 5_000;
    expect(await value('workqueue_unfinished_work_seconds{name="patchintent"}')).toBe(8);
    expect(await value('workqueue_longest_running_processor_seconds{name="patchintent"}')).toBe(5);
    queue.worked(5);
    expect(await value('workqueue_longest_running_processor_seconds{name="patchintent"}')).toBe(3);
    queue.worked(3);
    expect(await value('workqueue_unfinished_work_seconds{name="patchintent"}')).toBe(0);
  });

  test('an error of a run counts as a run and as an error', async () => {
    const { metrics, value } = setUp();
    metrics.controller.reconciled('error', 0.1);
    metrics.controller.reconciled('success', 0.1);
    expect(await value('controller_runtime_reconcile_errors_total{controller="patchintent"}')).toBe(1);
    expect(await value('controller_runtime_reconcile_time_seconds_count{controller="patchintent"}')).toBe(2);
  });

  test('a cause of held removals that is gone falls back to 0', async () => {
    const { metrics, value } = setUp();
    metrics.held.set(new Map([['brake', 30]]));
    expect(await value('patchgen_removals_held{cause="brake"}')).toBe(30);
    metrics.held.set(new Map([['all', 2]]));
    expect(await value('patchgen_removals_held{cause="brake"}')).toBe(0);
  });

  test('intents that are not ready count by reason, with its class and step; a reason of somebody else counts as other', async () => {
    const { metrics, value } = setUp();
    const held = { awaitingApproval: 4, awaitingApprovalSeconds: 90, conflicts: { autoscaler: 1, intent: 2 } };
    const rest = { ready: { True: 1, False: 5, Unknown: 0 }, outdated: 2, outdatedSeconds: 7, undecodable: 3, ...held };
    const notReady = new Map(Object.entries({ StorageFull: 2, '<script>': 1, constructor: 1, PackageWritten: 1 }));
    metrics.state.intents({ ...rest, notReady });
    const of = (reason: string, kind: string, step: string) =>
      value(`patchgen_intents_not_ready{reason="${reason}",class="${kind}",step="${step}"}`);
    expect(await of('StorageFull', 'Transient', 'publish')).toBe(2);
    expect(await of('other', 'other', 'other')).toBe(3);
    expect(await value('patchgen_intents_outdated_seconds')).toBe(7);
    expect(await value('patchgen_approvals_pending')).toBe(4);
    expect(await value('patchgen_approvals_pending_oldest_seconds')).toBe(90);
    expect(await value('patchgen_conflicts{by="intent"}')).toBe(2);
    metrics.state.intents({ ...rest, notReady: new Map() });
    expect(await of('StorageFull', 'Transient', 'publish')).toBe(0);
  });

  test('of the guard of approvals only what was last seen is told', async () => {
    const { metrics, value } = setUp();
    const seen = async () =>
      Promise.all(['intact', 'broken', 'off'].map((state) => value(`patchgen_approval_guard{state="${state}"}`)));
    expect(await seen()).toEqual([0, 0, 0]);
    metrics.approvalGuard('broken');
    expect(await seen()).toEqual([0, 1, 0]);
    metrics.approvalGuard('intact');
    expect(await seen()).toEqual([1, 0, 0]);
  });

  test('a Lease that was not seen yet has no number of changes, so that its first number is no change', async () => {
    const { metrics, value } = setUp();
    expect(await value('patchgen_lease_transitions{name="patchgen"}')).toBeUndefined();
    metrics.elector.transitions(37);
    expect(await value('patchgen_lease_transitions{name="patchgen"}')).toBe(37);
  });

  test('a number that cannot be counted does not cost the others', async () => {
    const { metrics, value } = setUp();
    metrics.onScrape(() => {
      throw new Error('no');
    });
    metrics.onScrape(() => metrics.state.packages(7));
    expect(await value('patchgen_packages')).toBe(7);
  });

  test('two registries in one process do not share a number', async () => {
    const [a, b] = [setUp(), setUp()];
    a.metrics.state.packages(3);
    expect([await a.value('patchgen_packages'), await b.value('patchgen_packages')]).toEqual([3, 0]);
  });

  test('the series of the process are there on request', async () => {
    const options = {
      version: 'x',
      reasons: {},
      rules: [],
      watched: [],
      workers: 1,
      lease: 'x',
      host: 'x',
      neededBytes: 0,
      monotonic: () => 0,
    };
    expect(await createMetrics(options).render()).toMatch(/process_resident_memory_bytes \d+/);
  });
});
