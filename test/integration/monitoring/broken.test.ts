import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import type { Fault } from '../../support/fault-proxy.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { CASES_OF_POLICIES } from '../../support/monitoring/cases-of-policies.ts';
import { asItGoes, grown } from '../../support/monitoring/outlook.ts';
import { alertsOf } from '../../support/monitoring/promtool.ts';
import { alertRules } from '../../support/monitoring/rules.ts';
import { scrape } from '../../support/monitoring/scrape.ts';
import { type Scrape, type Track, target, tracksOf } from '../../support/monitoring/tracks.ts';
import { onTmpfs, whyNoMounts } from '../../support/mounted.ts';
import { proxiedServer, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';

// Operators that are really broken: what they serve under /metrics makes the alerts fire.

const cannotMount = whyNoMounts();
if (cannotMount !== undefined) console.warn(`skipped: volumes of their own (${cannotMount})`);

let world: OperatorWorld;
let namespace: string;
let count = 0;
const seen = new Set<string>();
beforeAll(async () => {
  world = await operatorWorld();
});
afterAll(async () => world?.stop());
beforeEach(async () => {
  count += 1;
  namespace = `broken-${count}`;
  await world.namespace(namespace);
});
afterEach(() => expect(world.statuses.findings).toEqual([]));

/** Each scene has an operator, a Lease and a namespace of its own. */
const flags = (...more: string[]): string[] => [
  ...PATIENT_LEASE,
  '--watch-namespaces',
  namespace,
  '--leader-election-id',
  namespace,
  ...more,
];
const start = (...more: string[]): Promise<OperatorProcess> =>
  world.start({ outputDir: world.volume(), flags: flags(...more) });
const refused = (code: number): Fault => ({ kind: 'answer', status: code, body: { kind: 'Status', code } });

async function raised(tracks: readonly Track[], ...at: readonly number[]): Promise<readonly string[]> {
  const names = await alertsOf(tracks, ...(at.length === 0 ? [90] : at));
  for (const name of names) seen.add(name);
  return names;
}

test.skipIf(cannotMount !== undefined)('a volume that is full, of bytes and nearly of inodes', async () => {
  const { operator, seen: volume } = await onTmpfs(world, 'size=2m,nr_inodes=900', flags('--min-free-space', '64Ki'));
  await readyIntents(world, namespace, ['a']);
  execFileSync('sh', ['-c', `head -c 10000000 /dev/zero > '${join(volume, 'filler')}' || true`], { stdio: 'pipe' });
  await world.apply(`${namespace}/a`, scale('a', 50));
  await world.until(`${namespace}/a`, 'is told', (it) => readyWords(it) === 'False StorageFull');
  await eventually('it is not ready', async () => !(await operator.ready()));
  expect(await raised(await asItGoes(operator))).toEqual(
    expect.arrayContaining([
      'PatchgenInodesLow',
      'PatchgenNotReady',
      'PatchgenPublishFailing',
      'PatchgenStorageLow',
      'PatchgenStorageUnusable',
    ]),
  );
  expect(await operator.stop()).toBe(0);
});

test('an intent that is refused, a package that is altered again and again, and a removal that is held', async () => {
  const outputDir = world.volume();
  const operator = await world.start({ outputDir, flags: flags('--resync-interval', '1s') });
  await readyIntents(world, namespace, ['web']);
  await world.apply(`${namespace}/bad`, { ...scale('bad', 1), targetKind: 'DaemonSet' });
  await world.until(`${namespace}/bad`, 'is refused', (it) => readyWords(it) === 'False UnsupportedTargetKind');
  const restored = async (): Promise<number> =>
    (await operator.metric('patchgen_publish_total{outcome="restored"}')) ?? 0;
  const altered = await asItGoes(operator, 'a', async () => {
    for (let times = 1; times <= 2; times += 1) {
      appendFileSync(join(outputDir, 'packages', namespace, 'web/README.md'), 'altered\n');
      await eventually('it is restored', async () => (await restored()) >= times);
    }
  });
  expect(await raised(altered)).toEqual(expect.arrayContaining(['PatchgenIntentsStalled', 'PatchgenPackagesAltered']));
  await world.remove(`${namespace}/web`);
  await eventually('it is held', async () => (await operator.metric('patchgen_removals_held{cause="all"}')) === 1);
  expect(await raised(await asItGoes(operator))).toContain('PatchgenRemovalsHeld');
  expect(await operator.stop()).toBe(0);
});

test('two operators of one installation that both lead; then one does not answer, and then none is there', async () => {
  const first = await start();
  const second = await world.start({
    outputDir: world.volume(),
    flags: [...flags(), '--leader-election-id', `${namespace}-second`],
  });
  const leads = async (operator: OperatorProcess): Promise<boolean> =>
    (await operator.metric('patchgen_leading')) === 1;
  await eventually('both lead', async () => (await leads(first)) && (await leads(second)));
  const both = [...(await asItGoes(first, 'a')), ...(await asItGoes(second, 'b'))];
  expect(await raised(both)).toContain('PatchgenSeveralLeaders');
  const before = await scrape(first);
  expect(await first.stop()).toBe(0);
  const after = await scrape(first);
  expect(after.exposition).toBeUndefined();
  const down = tracksOf(target('a'), [before, after], 'hold');
  expect(await raised([...down, ...tracksOf(target('b'), [await scrape(second)], 'hold')])).toEqual(['PatchgenDown']);
  expect(await raised(down)).toEqual(['PatchgenAbsent', 'PatchgenDown']);
  expect(await second.stop()).toBe(0);
});

test('an operator that is started again and again', async () => {
  const outputDir = world.volume();
  const scrapes: Scrape[] = [];
  for (let times = 0; times < 6; times += 1) {
    const operator = await world.start({ outputDir, flags: flags() });
    await eventually('it leads', async () => (await operator.metric('patchgen_leading')) === 1);
    scrapes.push(await scrape(operator));
    expect(await operator.stop()).toBe(0);
  }
  const names = await raised(tracksOf(target('a'), scrapes, 'hold'), 10);
  expect(names).toEqual(expect.arrayContaining(['PatchgenLeaderChanges', 'PatchgenRestarting']));
});

test('an API server that refuses status and Events, hides an intent, is slow, and then fails', async () => {
  const proxy = await proxiedServer(world.plane);
  const isIntents = (path: string): boolean => path.endsWith(`/${namespace}/patchintents`);
  proxy.add(({ method, path }) =>
    method === 'GET' && isIntents(path)
      ? {
          kind: 'lines',
          map: (line) => (line.includes('"name":"odd"') ? line.replaceAll(/"uid":"[^"]*"/g, '"uid":""') : line),
        }
      : undefined,
  );
  const operator = await world.start({ server: proxy.url, outputDir: world.volume(), flags: flags() });
  await readyIntents(world, namespace, ['good']);
  await world.apply(`${namespace}/odd`, scale('odd', 1));
  await eventually('it cannot be read', async () => (await operator.metric('patchgen_intents_undecodable')) === 1);

  const allowEvents = proxy.add(({ method, path }) =>
    method !== 'GET' && path.includes('/events') ? refused(403) : undefined,
  );
  const silent = await asItGoes(operator, 'a', async () => {
    await readyIntents(world, namespace, ['b', 'c', 'd', 'e', 'f', 'g']);
    await eventually(
      'an Event is given up',
      async () => ((await operator.metric('patchgen_events_dropped_total{cause="forbidden"}')) ?? 0) > 0,
    );
  });
  allowEvents();
  expect(await raised(silent)).toEqual(
    expect.arrayContaining(['PatchgenEventsDropped', 'PatchgenIntentsUndecodable', 'PatchgenRightsMissing']),
  );

  const allowStatus = proxy.add(({ path }) => (path.endsWith('/status') ? refused(403) : undefined));
  await world.apply(`${namespace}/good`, scale('good', 9));
  const notWritten = grown(operator, 'patchgen_status_writes_total', { result: 'failed' }, 2);
  expect(await raised(await asItGoes(operator, 'a', notWritten))).toEqual(
    expect.arrayContaining([
      'PatchgenIntentsOutdated',
      'PatchgenReconcileErrors',
      'PatchgenRightsMissing',
      'PatchgenStatusWriteErrors',
    ]),
  );
  allowStatus();
  await world.ready(`${namespace}/good`);

  const quicken = proxy.add(({ path }) => (path.includes('/leases/') ? { kind: 'delay', ms: 4_000 } : undefined));
  const tried = grown(operator, 'patchgen_lease_attempt_seconds_count', {}, 2);
  expect(await raised(await asItGoes(operator, 'a', tried))).toContain('PatchgenLeaseRenewSlow');
  quicken();

  proxy.add(() => refused(500));
  proxy.cutWatches();
  const failed = grown(operator, 'rest_client_requests_total', { code: '500' }, 4);
  expect(await raised(await asItGoes(operator, 'a', failed))).toEqual(
    expect.arrayContaining(['PatchgenApiErrors', 'PatchgenWatchStale']),
  );
  operator.signal('SIGKILL');
  await operator.exited;
  await proxy.stop();
});

test('a status write that hangs while a hundred intents wait behind it', async () => {
  const proxy = await proxiedServer(world.plane);
  const operator = await world.start({ server: proxy.url, outputDir: world.volume(), flags: flags('--workers', '1') });
  proxy.add(({ path }) => (path.endsWith('/status') ? { kind: 'hang' } : undefined));
  for (let i = 0; i < 105; i += 1) await world.apply(`${namespace}/i-${i}`, scale(`i-${i}`, 1));
  await eventually('they wait', async () => ((await operator.metric('workqueue_depth')) ?? 0) > 100);
  expect(await raised(await asItGoes(operator))).toContain('PatchgenQueueGrowing');
  operator.signal('SIGKILL');
  await operator.exited;
  await proxy.stop();
});

test('a log that nobody reads', async () => {
  const under = ['bash', '-c', 'exec "$@" 2> >(sed -u "/self-test passed/q" >&2)', 'bash'];
  const operator = await world.start({ outputDir: world.volume(), flags: flags('--debug'), under });
  const tracks = await asItGoes(operator, 'a', () => readyIntents(world, namespace, ['a', 'b', 'c']));
  expect(await raised(tracks, 1)).toContain('PatchgenLogLinesDropped');
  expect(await operator.stop()).toBe(0);
});

test('a kind that the cluster does not have', async () => {
  await world.plane.kubectl(['delete', '-f', 'crds', '--wait=true']);
  const operator = await world.launch({ outputDir: world.volume(), flags: flags() });
  await eventually('it is noticed', () => operator.log.some(({ cause }) => cause === 'absent'));
  expect(await raised(await asItGoes(operator))).toEqual(
    expect.arrayContaining(['PatchgenNoLeader', 'PatchgenNotReady', 'PatchgenWatchStale']),
  );
  expect(await operator.stop()).toBe(0);
});

/** They need minutes of a hung disk, a bug, a starved machine or a second version. */
const OUT_OF_REACH = new Set([
  'PatchgenEventLoopSlow',
  'PatchgenIntentsFailing',
  'PatchgenInternalErrors',
  'PatchgenPublisherHung',
  'PatchgenRunHung',
  'PatchgenVersionsDiffer',
]);

test('all other alerts were raised by an operator that was really broken', () => {
  // policies.test.ts raises those about policies.
  const others = alertRules().filter(
    ({ alert }) => !OUT_OF_REACH.has(alert) && !Object.hasOwn(CASES_OF_POLICIES, alert),
  );
  expect(others.map(({ alert }) => alert).filter((alert) => !seen.has(alert))).toEqual([]);
});
