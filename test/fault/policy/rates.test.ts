import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PatchIntent } from '../../../src/api/types.ts';
import { ledgerOf } from '../../../src/policy/ledger.ts';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { leaseFlags } from '../../support/lease-flags.ts';
import { scale } from '../../support/operator-scenes.ts';
import { eventually, isReady, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import {
  inNamespace,
  look,
  makePolicy,
  messageOf,
  must,
  POLICIES,
  policyReady,
  removePolicy,
} from '../../support/safety-scenes.ts';

// So many changes within an hour and no more, whatever happens to the operators that count them.

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
});
afterAll(async () => world?.stop());
afterEach(async () => {
  // What a test that failed has left would work on the intents of the next one.
  await Promise.all(running.splice(0).map((operator) => operator.stop()));
  expect(world.statuses.findings).toEqual([]);
});

const running: OperatorProcess[] = [];

const PRELOAD = new URL('../../support/ha/preload.ts', import.meta.url).href;

/** `aheadMs`: how far its clock is ahead. */
async function launch(outputDir: string, flags: readonly string[], aheadMs = 0): Promise<OperatorProcess> {
  const env = { HA_CLOCK_SKEW_MS: String(aheadMs) };
  const operator = await world.launch({ outputDir, flags, env, nodeFlags: ['--import', PRELOAD] });
  running.push(operator);
  return operator;
}

/** Who works is settled by the test alone. */
const ALONE = ['--leader-elect=false'];

async function limited(namespace: string, perNamespacePerHour: number): Promise<void> {
  await world.namespace(namespace);
  await makePolicy(world, namespace, { match: inNamespace(namespace), rate: { perNamespacePerHour } });
}

const keysOf = (namespace: string, count: number, prefix = 'i'): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${namespace}/${prefix}-${i}`);

/** All at once, each with a target of its own. */
async function intend(keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => world.apply(key, scale(key.slice(key.indexOf('/') + 1), 5))));
}

/** Whoever finds the last place taken between the look and the reservation may be told in other words. */
const isLimited = (policy: string, limit: number) => (it: PatchIntent) =>
  readyWords(it) === 'False RateLimited' &&
  [
    `policy ${policy}, rate.perNamespacePerHour: at most ${limit} within an hour: all used up, until `,
    `policy ${policy}, rate: it has no room, until `,
  ].some((words) => messageOf(it).startsWith(words));

/**
 * Waits until every intent is through or told why not, and the operator that runs now has looked at it. Resolves to the names
 * of those that are through.
 */
async function settled(namespace: string, count: number, limit: number): Promise<readonly string[]> {
  let through: readonly PatchIntent[] = [];
  await eventually(`${count} intents of ${namespace} know`, async () => {
    const intents = await world.list(namespace);
    through = intents.filter(isReady);
    const told = intents.filter((it) => isReady(it) || isLimited(namespace, limit)(it));
    return told.length === count;
  });
  for (const { metadata } of await world.list(namespace)) await look(world, `${namespace}/${metadata.name}`);
  through = (await world.list(namespace)).filter(isReady);
  return through.map(({ metadata }) => metadata.name).toSorted();
}

function packagesIn(root: string, namespace: string): readonly string[] {
  const folder = join(root, 'packages', namespace);
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}

async function counted(policy: string): Promise<number> {
  const { body } = await world.plane.request('GET', `${POLICIES}/${policy}`);
  const { status } = body as { status?: { rate?: string } };
  return ledgerOf(status?.rate ?? '')?.entries.length ?? Number.NaN;
}

test('of three times as many changes at once exactly so many get through, and nothing that happens to intents refunds one', async () => {
  const operator = await launch(world.outputDir, ALONE);
  // Packages of which so few as five may be removed without a question.
  await world.namespace('others');
  const others = keysOf('others', 12);
  await intend(others);
  for (const key of others) await world.ready(key);
  await limited('crowd', 5);
  await policyReady(world, 'crowd');
  const keys = keysOf('crowd', 15);
  await intend(keys);
  const through = await settled('crowd', 15, 5);
  expect(through).toHaveLength(5);
  expect(packagesIn(world.outputDir, 'crowd')).toEqual(through);
  expect(await counted('crowd')).toBe(5);
  // Neither does somebody who takes them out of the status.
  await must(world, 'PATCH', `${POLICIES}/crowd/status`, { status: { rate: null } }, 'application/merge-patch+json');
  await eventually('what was taken out is back', async () => (await counted('crowd')) === 5);

  const again = through.map((name) => `crowd/${name}`);
  for (const key of again) await world.remove(key);
  await eventually('their packages are gone', () => packagesIn(world.outputDir, 'crowd').length === 0);
  await intend(again);
  expect(await settled('crowd', 15, 5)).toEqual([]);
  // Another spec is another change.
  await world.apply(keys[14] ?? '', scale('i-14', 6));
  await world.until(keys[14] ?? '', 'is limited', isLimited('crowd', 5));
  expect(packagesIn(world.outputDir, 'crowd')).toEqual([]);

  // A policy that is made anew begins to count anew: who may delete policies may do anything.
  await removePolicy(world, 'crowd');
  await makePolicy(world, 'crowd', { match: inNamespace('crowd'), rate: { perNamespacePerHour: 3 } });
  await eventually('so many more get through', async () => (await settled('crowd', 15, 3)).length === 3);
  expect(packagesIn(world.outputDir, 'crowd')).toHaveLength(3);
  expect(await counted('crowd')).toBe(3);
  expect(await operator.stop()).toBe(0);
});

test('an hour later so many more get through; a clock that goes back again refunds none', async () => {
  const outputDir = world.volume();
  const first = await launch(outputDir, ALONE);
  await limited('hour', 2);
  await policyReady(world, 'hour');
  await intend(keysOf('hour', 7));
  const before = await settled('hour', 7, 2);
  expect(before).toHaveLength(2);
  expect(await first.stop()).toBe(0);
  const later = await launch(outputDir, ALONE, 3_605_000);
  await eventually('two more are through', async () => (await settled('hour', 7, 2)).length === 4);
  expect(await counted('hour')).toBe(2);
  expect(await later.stop()).toBe(0);
  const back = await launch(outputDir, ALONE);
  await intend(keysOf('hour', 3, 'more'));
  expect(await settled('hour', 10, 2)).toHaveLength(4);
  expect(packagesIn(outputDir, 'hour')).toHaveLength(4);
  expect(await back.stop()).toBe(0);
});

test('an operator that is killed in the midst of it, again and again, lets no more through in all', async () => {
  const outputDir = world.volume();
  await limited('killed', 9);
  const all = [...keysOf('killed', 27)];
  const start = (): Promise<OperatorProcess> => launch(outputDir, ALONE);
  /** When it is killed: while it counts, while it publishes, before it has told. */
  const moments: readonly (() => Promise<boolean>)[] = [
    async () => (await counted('killed')) > 0,
    async () => packagesIn(outputDir, 'killed').length > 0,
    async () => (await world.list('killed')).some(isReady),
  ];
  const first = await start();
  await intend(all.splice(0, 9));
  await eventually('it counts', moments[0] ?? (() => false));
  first.signal('SIGKILL');
  await first.exited;
  for (const moment of moments.slice(1)) {
    await intend(all.splice(0, 9));
    const next = await start();
    await eventually('the moment comes', moment);
    next.signal('SIGKILL');
    await next.exited;
  }
  const last = await start();
  const through = await settled('killed', 27, 9);
  expect(through).toHaveLength(9);
  expect(packagesIn(outputDir, 'killed')).toEqual(through);
  expect(await counted('killed')).toBe(9);
  expect(await last.stop()).toBe(0);
});

test('a leader that stands still in the midst of it until a standby has finished, and then goes on: no more in all', async () => {
  const outputDir = world.volume();
  const lease = leaseFlags({ durationMs: 8_000, renewDeadlineMs: 6_000, retryPeriodMs: 500 });
  const flags = [...lease, '--leader-election-id', 'lost'];
  const leads = ({ log }: OperatorProcess): boolean => log.some(({ msg }) => msg.startsWith('leading'));
  const leader = await launch(outputDir, flags);
  await eventually('it leads', () => leads(leader));
  const standby = await launch(outputDir, flags);
  await standby.untilReady();
  await limited('lost', 9);
  await policyReady(world, 'lost');
  const keys = keysOf('lost', 36);
  const intending = intend(keys);
  await eventually('it counts', async () => (await counted('lost')) > 0);
  leader.signal('SIGSTOP');
  await intending;
  await eventually('the other leads', () => leads(standby));
  const through = await settled('lost', 36, 9);
  leader.signal('SIGCONT');
  expect(await leader.exited).toBe(64);
  expect(await settled('lost', 36, 9)).toEqual(through);
  expect(through).toHaveLength(9);
  expect(packagesIn(outputDir, 'lost')).toEqual(through);
  expect(await counted('lost')).toBe(9);
  expect(await standby.stop()).toBe(0);
});
