import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, isReady, type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';
import { treeOf } from '../../support/tree.ts';

let world: OperatorWorld;
const COUNT = 30;
const QUICK_LEASE = [
  '--leader-election-lease-duration',
  '3s',
  '--leader-election-renew-deadline',
  '2s',
  '--leader-election-retry-period',
  '500ms',
];

beforeAll(async () => {
  world = await operatorWorld();
  await world.namespace('again');
  const first = await world.start({ flags: QUICK_LEASE });
  for (let i = 0; i < COUNT; i += 1)
    await world.apply(`again/i-${i}`, { intentType: 'scaling', target: `app-${i}`, replicas: i, correlationId: 'c' });
  for (let i = 0; i < COUNT; i += 1) await world.ready(`again/i-${i}`);
  expect(await first.stop()).toBe(0);
});
afterAll(async () => world?.stop());

const outsideStaging = (): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(treeOf(world.packages)).filter(([path]) => !path.startsWith('.patchgen/staging')));
const eventCount = async (): Promise<number> => {
  const { body } = await world.plane.request('GET', '/apis/events.k8s.io/v1/namespaces/again/events');
  return (body as { items: unknown[] }).items.length;
};
const settled = async (operator: { metric(name: string): Promise<number | undefined> }): Promise<boolean> =>
  ((await operator.metric('patchgen_outcomes_total{reason="PackageWritten"}')) ?? 0) >= COUNT;

test('a restart verifies every package and settles without an API write but the Lease and without a change outside staging', async () => {
  const before = outsideStaging();
  const { end } = world.audit();
  const operator = await world.start({ flags: QUICK_LEASE });
  await eventually('every intent was looked at', () => settled(operator));
  expect(outsideStaging()).toEqual(before);
  expect(world.audit(end).records.filter(({ objectRef }) => objectRef?.resource !== 'leases')).toEqual([]);
  expect(await operator.stop()).toBe(0);
});

test('a start on another, empty volume publishes everything again: one status write each and no event', async () => {
  const events = await eventCount();
  const outputDir = world.volume();
  const { end } = world.audit();
  const operator = await world.start({ outputDir, flags: QUICK_LEASE });
  await eventually(
    'everything is published again',
    () =>
      existsSync(join(outputDir, 'packages/again')) && readdirSync(join(outputDir, 'packages/again')).length === COUNT,
  );
  await eventually('all are Ready', async () => (await world.list('again')).filter(isReady).length === COUNT);
  await eventually('the status names the new root', async () => {
    const { rootId } = JSON.parse(readFileSync(join(outputDir, 'packages/.patchgen/root.json'), 'utf8')) as {
      rootId: string;
    };
    return (await world.list('again')).every(({ status }) => status?.package?.root === rootId);
  });
  const writes = world.audit(end).records.filter(({ objectRef }) => objectRef?.resource !== 'leases');
  expect(writes.every(({ objectRef }) => objectRef?.subresource === 'status')).toBe(true);
  expect(writes.filter(({ responseStatus }) => responseStatus?.code === 200)).toHaveLength(COUNT);
  expect(await eventCount()).toBe(events);
  expect(await operator.stop()).toBe(0);
});

test('two replicas: both are Ready, one leads; the other takes over when the leader is killed', async () => {
  const operators = [await world.start({ flags: QUICK_LEASE }), await world.start({ flags: QUICK_LEASE })];
  const leads = (log: readonly { msg: string }[]): boolean => log.some(({ msg }) => msg.startsWith('leading'));
  await eventually('one leads', () => operators.some(({ log }) => leads(log)));
  const [leader, standby] = leads(operators[0]?.log ?? []) ? operators : operators.toReversed();
  if (leader === undefined || standby === undefined) throw new Error('two were started');
  expect(leads(standby.log)).toBe(false);
  expect(await standby.ready()).toBe(true);
  leader.signal('SIGKILL');
  await world.apply('again/after', { intentType: 'scaling', target: 'after', replicas: 3, correlationId: 'c' });
  await world.ready('again/after');
  expect(leads(standby.log)).toBe(true);
  expect(await standby.stop()).toBe(0);
});

test('a leader that is stopped past its lease and wakes up writes nothing more and ends with code 64', async () => {
  const old = await world.start({ flags: QUICK_LEASE });
  await eventually('it leads', () => old.log.some(({ msg }) => msg.startsWith('leading')));
  old.signal('SIGSTOP');
  const next = await world.start({ flags: QUICK_LEASE });
  await eventually('the other leads', () => next.log.some(({ msg }) => msg.startsWith('leading')));
  await world.apply('again/fenced', { intentType: 'scaling', target: 'fenced', replicas: 4, correlationId: 'c' });
  await world.ready('again/fenced');
  const before = treeOf(join(world.packages, 'again'));
  old.signal('SIGCONT');
  expect(await old.exited).toBe(64);
  expect(treeOf(join(world.packages, 'again'))).toEqual(before);
  expect(await next.stop()).toBe(0);
});

test('a root of a newer layout is refused: not ready, nothing written, and it says why', async () => {
  const outputDir = world.volume();
  const internal = join(outputDir, 'packages', '.patchgen');
  mkdirSync(internal, { recursive: true });
  writeFileSync(join(internal, 'root.json'), JSON.stringify({ rootId: 'from-the-future', layout: 99 }));
  const before = treeOf(outputDir);
  const operator = await world.launch({ outputDir, flags: QUICK_LEASE });
  await eventually('it says why', async () =>
    (await (await fetch(`${operator.probes}/readyz?verbose`)).text()).includes('layout'),
  );
  expect(await operator.ready()).toBe(false);
  expect(treeOf(outputDir)).toEqual(before);
  expect(await operator.stop()).toBe(0);
});

test('a second signal ends the process at once', async () => {
  const operator = await world.start({ flags: QUICK_LEASE });
  operator.signal('SIGTERM');
  operator.signal('SIGTERM');
  expect([143, 0]).toContain(await operator.exited);
});
