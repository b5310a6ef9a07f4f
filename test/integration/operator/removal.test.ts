import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { eventsIn, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import { treeOf } from '../../support/tree.ts';

let world: OperatorWorld;
let namespace: string;
let volume: string;
let count = 0;
beforeAll(async () => {
  world = await operatorWorld();
});
afterAll(async () => world?.stop());
// A namespace and a volume for each test: the gate looks at all packages of a root.
beforeEach(async () => {
  count += 1;
  namespace = `gate-${count}`;
  volume = world.volume();
  await world.namespace(namespace);
});
afterEach(() => expect(world.statuses.findings).toEqual([]));

const lease = (): string => `lease-${count}`;
const start = async (
  namespaces: readonly string[] = [namespace],
  more: readonly string[] = [],
): Promise<OperatorProcess> => {
  const scope = ['--watch-namespaces', namespaces.join(','), '--leader-election-id', lease()];
  return world.start({ outputDir: volume, flags: [...PATIENT_LEASE, ...scope, ...more] });
};
const packages = (of = namespace): readonly string[] => {
  const folder = join(volume, 'packages', of);
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
};
const held = (operator: OperatorProcess, cause: string): Promise<number | undefined> =>
  operator.metric(`patchgen_removals_held{cause="${cause}"}`);
/** The digest in the Warning Event on the Lease, as a person reads it. */
async function heldNote(): Promise<string> {
  let note = '';
  await eventually('the Event on the Lease', async () => {
    const events = await eventsIn(world.plane, 'default');
    const told = events.findLast(({ regarding, reason }) => regarding.name === lease() && reason === 'RemovalHeld');
    note = told?.type === 'Warning' && told.regarding.kind === 'Lease' ? told.note : '';
    return note !== '';
  });
  return note;
}
const names = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `i-${from + i}`);
/** Long enough for the gate to decide (two seconds after the last absence) and for what it grants to be done. */
const gateDecides = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5_000));

test('a narrowed list of namespaces says nothing of the others: their packages stay', async () => {
  await world.namespace(`${namespace}-b`);
  const first = await start([namespace, `${namespace}-b`]);
  await readyIntents(world, namespace, ['a']);
  await readyIntents(world, `${namespace}-b`, ['b1', 'b2', 'b3']);
  expect(await first.stop()).toBe(0);
  const second = await start();
  await world.apply(`${namespace}/a`, scale('a', 9));
  await world.ready(`${namespace}/a`);
  await world.remove(`${namespace}-b/b1`);
  await gateDecides();
  expect(packages(`${namespace}-b`)).toEqual(['b1', 'b2', 'b3']);
  for (const cause of ['all', 'kind', 'rewound', 'brake']) expect(await held(second, cause)).toBe(0);
  expect(await second.stop()).toBe(0);
});

test('a root none of whose packages has an intent is held, told, and goes at once when a person confirms', async () => {
  const first = await start();
  await readyIntents(world, namespace, ['a', 'b', 'c']);
  expect(await first.stop()).toBe(0);
  for (const name of ['a', 'b', 'c']) await world.remove(`${namespace}/${name}`);
  const before = treeOf(join(volume, 'packages', namespace));
  const second = await start();
  const note = await heldNote();
  expect(await held(second, 'all')).toBe(3);
  expect(second.log.find(({ msg }) => msg === 'removals held')).toMatchObject({ level: 'warn', count: 3 });
  await gateDecides();
  expect(treeOf(join(volume, 'packages', namespace))).toEqual(before);
  const command = /kubectl (annotate lease .*confirm-collection=[0-9a-f]{12})$/.exec(note)?.[1];
  await world.plane.kubectl((command ?? '').split(' '));
  await eventually('they go', () => packages().length === 0);
  await eventually('nothing is held', async () => (await held(second, 'all')) === 0);
  expect(await second.stop()).toBe(0);
});

test('a confirmation of another set confirms nothing', async () => {
  const first = await start();
  await readyIntents(world, namespace, ['a', 'b']);
  await world.remove(`${namespace}/a`);
  await world.remove(`${namespace}/b`);
  await heldNote();
  await world.plane.kubectl([
    'annotate',
    'lease',
    '-n',
    'default',
    lease(),
    'patchgen.dev/confirm-collection=0123456789ab',
  ]);
  await gateDecides();
  expect(packages()).toEqual(['a', 'b']);
  expect(await first.stop()).toBe(0);
});

test('40 of 50 that are deleted at once are held, and stay so while most come back; then a few that are deleted go ahead', async () => {
  const operator = await start();
  await readyIntents(world, namespace, names(0, 50));
  await Promise.all(names(0, 40).map((name) => world.remove(`${namespace}/${name}`)));
  await eventually('40 are held', async () => (await held(operator, 'brake')) === 40);
  await readyIntents(world, namespace, names(0, 35));
  await eventually('five are held', async () => (await held(operator, 'brake')) === 5);
  await gateDecides();
  expect(packages()).toHaveLength(50);
  expect(await operator.metric('patchgen_removals_total')).toBe(0);
  for (const name of names(45, 48)) await world.remove(`${namespace}/${name}`);
  await eventually('three go', () => packages().length === 47);
  expect(packages()).toEqual(expect.arrayContaining(names(35, 40)));
  expect(await operator.stop()).toBe(0);
});

test('limits of the brake are settings', async () => {
  const operator = await start([namespace], ['--brake-count', '1', '--brake-fraction', '0.1']);
  await readyIntents(world, namespace, names(0, 10));
  await Promise.all(names(0, 2).map((name) => world.remove(`${namespace}/${name}`)));
  await eventually('two are held', async () => (await held(operator, 'brake')) === 2);
  await gateDecides();
  expect(packages()).toHaveLength(10);
  expect(await operator.stop()).toBe(0);
});

test('a package of an earlier object goes through the same gate when the present one publishes nothing', async () => {
  const first = await start();
  await readyIntents(world, namespace, ['a', 'b']);
  expect(await first.stop()).toBe(0);
  await world.remove(`${namespace}/a`);
  await world.apply(`${namespace}/a`, { ...scale('a', 3), targetKind: 'DaemonSet' });
  const second = await start();
  await world.until(`${namespace}/a`, 'is refused', (it) => readyWords(it) === 'False UnsupportedTargetKind');
  await eventually('the old package goes', () => !packages().includes('a'));
  expect(packages()).toEqual(['b']);
  expect(await second.stop()).toBe(0);
});
