import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PatchIntent } from '../../../src/api/types.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { onTmpfs, whyNoMounts } from '../../support/mounted.ts';
import { scale } from '../../support/operator-scenes.ts';
import { type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import { conditionOf, inNamespace, look, makePolicy, messageOf, policyReady } from '../../support/safety-scenes.ts';

// Changes that were let through and fail stop the rest, and go on doing so after a restart.

const cannotMount = whyNoMounts();
if (cannotMount !== undefined) console.warn(`skipped: volumes of their own (${cannotMount})`);

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

async function braked(namespace: string): Promise<void> {
  await world.namespace(namespace);
  const storm = { failures: 3, window: '10m', coolDown: '1h' };
  await makePolicy(world, namespace, { match: inNamespace(namespace), storm });
}

const says = (key: string, words: string): Promise<PatchIntent> =>
  world.until(key, `says ${words}`, (it) => readyWords(it) === words);

const WORDS = 'storm: 3 failed changes within 10m stop the rest: cooling down, until 2';

test('so many changes that can not be published trip the brake: others wait, not Stalled, after a restart too, until the policy lets go', async () => {
  const namespace = 'foreign';
  const outputDir = world.volume();
  const flags = PATIENT_LEASE;
  await braked(namespace);
  const failing = ['a', 'b', 'c'];
  for (const name of failing) mkdirSync(join(outputDir, 'packages', namespace, name, 'foreign'), { recursive: true });
  const first = await world.start({ outputDir, flags });
  await policyReady(world, namespace);
  await world.apply(`${namespace}/before`, scale('before', 5));
  await world.ready(`${namespace}/before`);
  for (const name of failing.slice(0, 2)) {
    await world.apply(`${namespace}/${name}`, scale(name, 5));
    await says(`${namespace}/${name}`, 'False UnsafePath');
  }
  // One change that fails again and again is one.
  for (let times = 0; times < 3; times += 1) await look(world, `${namespace}/a`);
  await world.apply(`${namespace}/between`, scale('between', 5));
  await world.ready(`${namespace}/between`);
  await world.apply(`${namespace}/c`, scale('c', 5));
  await says(`${namespace}/c`, 'False UnsafePath');
  await world.apply(`${namespace}/after`, scale('after', 5));
  const held = await says(`${namespace}/after`, 'False StormBrake');
  expect(messageOf(held)).toContain(`policy ${namespace}, ${WORDS}`);
  expect(conditionOf(held, 'Stalled')).toBeUndefined();
  expect(held.status?.package).toBeUndefined();
  expect(readyWords(await look(world, `${namespace}/before`))).toBe('True PackageWritten');
  expect(await first.stop()).toBe(0);

  const second = await world.start({ outputDir, flags });
  await world.apply(`${namespace}/later`, scale('later', 5));
  await says(`${namespace}/later`, 'False StormBrake');
  expect(readyWords(await look(world, `${namespace}/after`))).toBe('False StormBrake');
  await makePolicy(world, namespace, { match: inNamespace(namespace), replicas: { max: 9 } });
  for (const name of ['after', 'later']) await world.ready(`${namespace}/${name}`);
  expect(await second.stop()).toBe(0);
});

test.skipIf(cannotMount !== undefined)(
  'a volume that turns read-only under many changes trips it, and once it is writable again the rest waits for the cool-down',
  async () => {
    const namespace = 'readonly';
    await braked(namespace);
    const { operator, inside } = await onTmpfs(world, 'size=8m', PATIENT_LEASE);
    await policyReady(world, namespace);
    await world.apply(`${namespace}/before`, scale('before', 5));
    await world.ready(`${namespace}/before`);
    inside('mount', '-o', 'remount,ro');
    for (const name of ['a', 'b', 'c']) await world.apply(`${namespace}/${name}`, scale(name, 5));
    await world.apply(`${namespace}/before`, scale('before', 6));
    for (const name of ['a', 'b', 'c', 'before']) await says(`${namespace}/${name}`, 'False StormBrake');
    const { status } = await says(`${namespace}/before`, 'False StormBrake');
    expect(status?.package?.generation).toBe(1);
    inside('mount', '-o', 'remount,rw');
    await operator.untilReady();
    for (const name of ['a', 'b', 'c', 'before'])
      expect(readyWords(await look(world, `${namespace}/${name}`))).toBe('False StormBrake');
    expect(await operator.stop()).toBe(0);
  },
);
