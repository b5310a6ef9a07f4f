import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { FaultProxy } from '../../support/fault-proxy.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { eventsIn, proxiedServer, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, isReady, type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';
import { treeOf } from '../../support/tree.ts';

let world: OperatorWorld;
let proxy: FaultProxy;
beforeAll(async () => {
  world = await operatorWorld();
  await world.namespace('restored');
  proxy = await proxiedServer(world.plane);
});
afterAll(async () => {
  await world?.stop();
  await proxy?.stop();
});

// A restored cluster takes generations back, and their statuses with them.
afterEach(() => expect(world.statuses.findings.filter((finding) => !finding.includes('went back'))).toEqual([]));

const etcdData = (): string => join(world.plane.dir, 'etcd');
const snapshot = (): string => join(world.plane.dir, 'etcd-snapshot');
const patchOf = (name: string): string =>
  readFileSync(join(world.packages, 'restored', name, 'scaling-patch.yaml'), 'utf8');

/** Copies the data of etcd while it stands still. */
function backUp(): void {
  process.kill(world.plane.etcdPid, 'SIGSTOP');
  try {
    cpSync(etcdData(), snapshot(), { recursive: true });
  } finally {
    process.kill(world.plane.etcdPid, 'SIGCONT');
  }
}

async function restore(): Promise<void> {
  await world.plane.killApiServer();
  await world.plane.killEtcd();
  rmSync(etcdData(), { recursive: true });
  cpSync(snapshot(), etcdData(), { recursive: true });
  await world.plane.startEtcd();
  await world.plane.startApiServer();
}

/** Moves the version of the store on, so that a restore goes back by more than the server's own writes at its start. */
async function manyWrites(): Promise<void> {
  for (let i = 0; i < 300; i += 1) {
    const patch = { metadata: { annotations: { turn: String(i) } } };
    await world.plane.request('PATCH', '/api/v1/namespaces/default', patch, 'application/merge-patch+json');
  }
}

test('etcd restored from an older snapshot: nothing is removed, held instead, and the restored specs are published', async () => {
  const operator = await world.start({ server: proxy.url, flags: PATIENT_LEASE });
  await readyIntents(world, 'restored', ['kept', 'changed', 'deleted']);
  const changedBefore = patchOf('changed');
  backUp();
  await manyWrites();
  await readyIntents(world, 'restored', ['new-1', 'new-2']);
  await world.apply('restored/changed', scale('changed', 77));
  await world.ready('restored/changed');
  expect(patchOf('changed')).toContain('replicas: 77');
  await world.remove('restored/deleted');
  await eventually('its package goes', () => !existsSync(join(world.packages, 'restored/deleted')));
  const findingsBefore = [...world.statuses.findings];
  // Runs that began before the new list end after it: what they have seen is no answer to its doubts.
  const undoDelay = proxy.add(({ path }) => (path.endsWith('/scale') ? { kind: 'delay', ms: 2_000 } : undefined));
  // A watch from a version that the server has not reached yet is silent for a minute and a half, then relisted. The
  // restore that marks its history as compacted answers at once, as here.
  let expired = false;
  const undo = proxy.add(({ watch, path, query }) => {
    if (!watch || query.get('resourceVersion') === null) return undefined;
    expired ||= path.endsWith('/patchintents');
    return { kind: 'answer', status: 410, body: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 } };
  });
  await restore();
  await eventually('the intents are to be listed anew', () => expired);
  undo();
  await eventually('the restored spec is published', () => patchOf('changed') === changedBefore);
  await world.ready('restored/deleted');
  await eventually(
    'the newer ones are held',
    async () => (await operator.metric('patchgen_removals_held{cause="rewound"}')) === 2,
  );
  expect(readdirSync(join(world.packages, 'restored')).toSorted()).toEqual([
    'changed',
    'deleted',
    'kept',
    'new-1',
    'new-2',
  ]);
  undoDelay();
  expect(findingsBefore).toEqual([]);
  expect((await world.list('restored')).every(isReady)).toBe(true);
  await readyIntents(world, 'restored', ['new-1', 'new-2']);
  await eventually(
    'nothing is held',
    async () => (await operator.metric('patchgen_removals_held{cause="rewound"}')) === 0,
  );
  expect(await operator.stop()).toBe(0);
});

/** A release with a volume of its own, whose root can be put back to an older copy while nobody runs. */
async function release(name: string) {
  const volume = world.volume();
  const packages = join(volume, 'packages');
  const copy = join(world.volume(), 'copy');
  await world.namespace(name);
  return {
    packages,
    operate: (...more: readonly string[]) => {
      const flags = [...PATIENT_LEASE, '--watch-namespaces', name, '--leader-election-id', name, ...more];
      return world.start({ outputDir: volume, flags });
    },
    names: () => readdirSync(join(packages, name)).toSorted(),
    backUp: () => cpSync(packages, copy, { recursive: true, verbatimSymlinks: true }),
    restore: () => {
      rmSync(packages, { recursive: true });
      cpSync(copy, packages, { recursive: true, verbatimSymlinks: true });
    },
  };
}

test('an older copy of the root beside a newer cluster: what is missing or outdated is published again, what is too old goes through the gate', async () => {
  const { packages, operate, names, backUp, restore } = await release('copied');
  const first = await operate();
  await readyIntents(world, 'copied', ['same', 'outdated', 'gone', 'more']);
  expect(await first.stop()).toBe(0);
  backUp();
  const second = await operate();
  await world.apply('copied/outdated', scale('outdated', 99));
  await readyIntents(world, 'copied', ['missing']);
  await world.ready('copied/outdated');
  await world.remove('copied/gone');
  await eventually('its package goes', () => !existsSync(join(packages, 'copied/gone')));
  const links = treeOf(join(packages, 'copied'));
  expect(await second.stop()).toBe(0);

  restore();
  const { end } = world.audit();
  const before = await world.list('copied');
  const third = await operate();
  await eventually(
    'the root is as the cluster says',
    () => names().join() === 'missing,more,outdated,same' && isDeepStrictEqual(treeOf(join(packages, 'copied')), links),
  );
  expect(before.every(isReady)).toBe(true);
  expect(await world.list('copied')).toEqual(before);
  expect(world.audit(end).records.filter(({ objectRef }) => objectRef?.subresource === 'status')).toEqual([]);
  expect(await third.stop()).toBe(0);
});

test('an older copy of the root with many packages of deleted intents: they are held and told of until somebody confirms, and the rest is published meanwhile', async () => {
  const old = Array.from({ length: 25 }, (_, i) => `old-${i}`);
  const { packages, operate, names, backUp, restore } = await release('crowded');
  const first = await operate('--brake-count', '1000');
  await readyIntents(world, 'crowded', [...old, 'kept', 'outdated']);
  expect(await first.stop()).toBe(0);
  backUp();
  const second = await operate('--brake-count', '1000');
  for (const name of old) await world.remove(`crowded/${name}`);
  await world.apply('crowded/outdated', scale('outdated', 99));
  await readyIntents(world, 'crowded', ['missing']);
  await eventually('their packages go', () => names().join() === 'kept,missing,outdated');
  const links = treeOf(join(packages, 'crowded'));
  expect(await second.stop()).toBe(0);

  restore();
  const third = await operate();
  await eventually(
    'the leftovers are held',
    async () => (await third.metric('patchgen_removals_held{cause="brake"}')) === old.length,
  );
  await eventually('what was missing is published', () => names().includes('missing'));
  expect(names()).toEqual([...old, 'kept', 'missing', 'outdated'].toSorted());
  const held = async () =>
    (await eventsIn(world.plane, 'default')).find(({ regarding }) => regarding.name === 'crowded');
  await eventually('an Event on the Lease tells of it', async () => (await held())?.reason === 'RemovalHeld');
  const confirmation = /patchgen\.dev\/confirm-collection=([0-9a-f]+)/.exec((await held())?.note ?? '')?.[1];
  const annotation = { metadata: { annotations: { 'patchgen.dev/confirm-collection': confirmation } } };
  const lease = '/apis/coordination.k8s.io/v1/namespaces/default/leases/crowded';
  await world.plane.request('PATCH', lease, annotation, 'application/merge-patch+json');
  await eventually(
    'the root is as the cluster says',
    () => names().join() === 'kept,missing,outdated' && isDeepStrictEqual(treeOf(join(packages, 'crowded')), links),
  );
  expect((await world.list('crowded')).every(isReady)).toBe(true);
  expect(await third.stop()).toBe(0);
});
