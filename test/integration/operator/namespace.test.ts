import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { readyIntents } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld({ controllerManager: true });
  for (const name of ['stays', 'running', 'down', 'large']) await world.namespace(name);
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

const THREE = ['a', 'b', 'c'];
const packages = (namespace: string): readonly string[] => {
  const folder = join(world.packages, namespace);
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** Deletes a namespace and waits until the server has finished it: whoever kept a finalizer would stop that. */
async function deleteNamespace(name: string): Promise<void> {
  await world.plane.request('DELETE', `/api/v1/namespaces/${name}`);
  await eventually(
    `${name} is finished`,
    async () => {
      const { status } = await world.plane.request('GET', `/api/v1/namespaces/${name}`);
      return status === 404;
    },
    120_000,
  );
}

test('a namespace that is deleted while the operator runs finishes, and its packages go', async () => {
  const operator = await world.start({ flags: PATIENT_LEASE });
  await readyIntents(world, 'stays', ['x']);
  await readyIntents(world, 'running', THREE);
  for (const { metadata } of await world.list('running')) expect(metadata).not.toHaveProperty('finalizers');
  await deleteNamespace('running');
  await eventually('its packages go', () => packages('running').length === 0);
  expect(packages('stays')).toEqual(['x']);
  expect(await operator.stop()).toBe(0);
});

test('a namespace that is deleted while the operator is down finishes, and its packages go at the next start', async () => {
  const first = await world.start({ flags: PATIENT_LEASE });
  await readyIntents(world, 'down', THREE);
  expect(await first.stop()).toBe(0);
  await deleteNamespace('down');
  expect(packages('down')).toHaveLength(3);
  const second = await world.start({ flags: PATIENT_LEASE });
  await eventually('its packages go', () => packages('down').length === 0);
  expect(packages('stays')).toEqual(['x']);
  expect(await second.stop()).toBe(0);
});

test('a namespace with most of all packages finishes too; its packages are held', async () => {
  const operator = await world.start({ flags: [...PATIENT_LEASE, '--workers', '4'] });
  const many = Array.from({ length: 25 }, (_, i) => `i-${i}`);
  await readyIntents(world, 'large', many);
  await deleteNamespace('large');
  await eventually(
    'they are held',
    async () => (await operator.metric('patchgen_removals_held{cause="brake"}')) === many.length,
  );
  expect(packages('large')).toHaveLength(many.length);
  expect(await operator.metric('patchgen_removals_total')).toBe(0);
  expect(await operator.stop()).toBe(0);
});
