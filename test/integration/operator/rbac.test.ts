import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { inWords, isForbidden } from '../../support/audit.ts';
import { PATIENT_LEASE, QUICK_LEASE } from '../../support/lease-flags.ts';
import { eventsIn, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';
import { isRole, type Rule } from '../../support/rights.ts';

// Rights that somebody takes away from a running operator, and gives back.

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld({ rights: 'taken-away' });
  await world.namespace('shop');
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

const start = (flags: readonly string[] = PATIENT_LEASE): Promise<OperatorProcess> => world.start({ flags });

/** Takes the rules for one resource out of the role that has them; the returned function gives them back. */
async function revoke(resource: string): Promise<() => Promise<void>> {
  const { objects } = await world.account();
  const role = objects.filter(isRole).find(({ rules }) => rules.some((rule) => rule.resources?.includes(resource)));
  if (role === undefined) throw new Error(`no role has ${resource}`);
  const { kind, metadata, rules } = role;
  const place = kind === 'Role' ? `namespaces/${metadata.namespace}/roles` : 'clusterroles';
  const set = async (kept: readonly Rule[]): Promise<void> => {
    const path = `/apis/rbac.authorization.k8s.io/v1/${place}/${metadata.name}`;
    const patch = { rules: kept };
    expect((await world.plane.request('PATCH', path, patch, 'application/merge-patch+json')).status).toBe(200);
  };
  await set(rules.filter(({ resources }) => resources?.includes(resource) !== true));
  return () => set(rules);
}

test('events that are forbidden hold up nothing; they are counted, and come again once allowed', async () => {
  const operator = await start();
  const giveBack = await revoke('events');
  await readyIntents(world, 'shop', ['silent-1', 'silent-2']);
  await eventually(
    'it is counted',
    async () => (await operator.metric('patchgen_events_dropped_total{cause="forbidden"}')) === 2,
  );
  expect(operator.log.filter(({ msg }) => msg === 'event dropped')).toHaveLength(1);
  await giveBack();
  await readyIntents(world, 'shop', ['told']);
  await eventually('the event', async () =>
    (await eventsIn(world.plane, 'shop')).some(({ regarding }) => regarding.name === 'told'),
  );
  expect(await operator.stop()).toBe(0);
});

test('a status that is forbidden is told by log and metric, the package is there, and the status follows once allowed', async () => {
  const operator = await start();
  const giveBack = await revoke('patchintents/status');
  await eventually('the right is gone', async () => {
    await world.apply('shop/mute', scale('mute', Math.floor(Math.random() * 100)));
    return ((await operator.metric('patchgen_status_writes_total{result="failed"}')) ?? 0) > 0;
  });
  await world.apply('shop/mute', scale('mute', 7));
  const telling = operator.log.find(({ msg }) => msg === 'status not written');
  expect(telling).toMatchObject({ level: 'warn', intent: 'shop/mute', reason: 'ApiForbidden' });
  await eventually('the package is there', () => existsSync(join(world.packages, 'shop/mute')));
  expect((await fetch(`${operator.probes}/healthz`)).status).toBe(200);
  await giveBack();
  await world.ready('shop/mute');
  expect(await operator.stop()).toBe(0);
});

test('intents that may not be listed are no absence: nothing is removed, and all goes on once allowed', async () => {
  const operator = await start();
  await readyIntents(world, 'shop', ['told', 'kept']);
  const giveBack = await revoke('patchintents');
  await world.plane.killApiServer();
  await world.plane.startApiServer();
  await eventually('the watch is refused', () => operator.log.some(({ cause }) => cause === 'forbidden'));
  const second = await world.launch({ outputDir: world.volume() });
  await eventually('the second one says why', async () =>
    (await (await fetch(`${second.probes}/readyz?verbose`)).text()).includes('is forbidden'),
  );
  await world.apply('shop/later', scale('later', 1));
  await world.remove('shop/told');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(existsSync(join(world.packages, 'shop/told'))).toBe(true);
  expect((await fetch(`${operator.probes}/healthz`)).status).toBe(200);
  await giveBack();
  await world.ready('shop/later');
  await eventually('the package goes', () => !existsSync(join(world.packages, 'shop/told')));
  await second.untilReady();
  expect(world.requests().records.filter(isForbidden).map(inWords)).toContain(
    'list patchintents of all namespaces → 403',
  );
  expect(await second.stop()).toBe(0);
  expect(await operator.stop()).toBe(0);
});

test('a Lease that may not be written ends the leader with code 64; a candidate stands by until it is allowed', async () => {
  const operator = await start(QUICK_LEASE);
  await readyIntents(world, 'shop', ['led']);
  const giveBack = await revoke('leases');
  expect(await operator.exited).toBe(64);
  const candidate = await start(QUICK_LEASE);
  await eventually('it says why', () => candidate.log.some(({ msg }) => msg === 'lease could not be reached'));
  await giveBack();
  await readyIntents(world, 'shop', ['led', 'led-again']);
  expect(await candidate.stop()).toBe(0);
});
