import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { PATIENT_LEASE, QUICK_LEASE } from '../../support/lease-flags.ts';
import { eventsIn, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';

// The operator as the service account of config/rbac, with exactly those rights.

const ACCOUNT = 'system:serviceaccount:patchgen-system:patchgen';
const ROLES = '/apis/rbac.authorization.k8s.io/v1';
const CLUSTER_ROLE = `${ROLES}/clusterroles/patchgen`;
const LEASE_ROLE = `${ROLES}/namespaces/patchgen-system/roles/patchgen-leader-election`;

interface Rule {
  readonly resources: readonly string[];
}

let world: OperatorWorld;
let kubeconfig: string;
beforeAll(async () => {
  world = await operatorWorld();
  await world.namespace('patchgen-system');
  await world.namespace('shop');
  await world.plane.kubectl(['apply', '-k', 'config/rbac']);
  kubeconfig = await world.plane.kubeconfigFor(ACCOUNT, ['system:serviceaccounts']);
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

const start = (lease: readonly string[] = PATIENT_LEASE, more: readonly string[] = []): Promise<OperatorProcess> =>
  world.start({ kubeconfig, flags: [...lease, '--leader-election-namespace', 'patchgen-system', ...more] });

/** Takes the rules for one resource out of a role; the returned function gives them back. */
async function revoke(path: string, resource: string): Promise<() => Promise<void>> {
  const { body } = await world.plane.request('GET', path);
  const { rules } = body as { rules: Rule[] };
  const set = async (kept: readonly Rule[]): Promise<void> => {
    const patch = { rules: kept };
    expect((await world.plane.request('PATCH', path, patch, 'application/merge-patch+json')).status).toBe(200);
  };
  await set(rules.filter(({ resources }) => !resources.includes(resource)));
  return () => set(rules);
}

/** The series of an answer that was 401 or 403, if there is one; reads are not in the audit log. */
const forbidden = async (operator: OperatorProcess): Promise<string | undefined> =>
  (await (await fetch(operator.metricsUrl)).text()).match(/rest_client_requests_total\{code="40[13]".*/)?.[0];

test('a whole life needs no right beyond config/rbac, and uses every right to write that it gives', async () => {
  const { end } = world.audit();
  const operator = await start(PATIENT_LEASE, ['--resync-interval', '1s']);
  await readyIntents(world, 'shop', ['a', 'b', 'c']);
  await world.apply('shop/a', scale('a', 9));
  await world.ready('shop/a');
  await world.apply('shop/b', { ...scale('b', 1), targetKind: 'DaemonSet' });
  await world.until('shop/b', 'is refused', (it) => readyWords(it) === 'False UnsupportedTargetKind');
  await world.remove('shop/c');
  await eventually('the package goes', () => !existsSync(join(world.packages, 'shop/c')));
  for (let times = 1; times <= 2; times += 1) {
    appendFileSync(join(world.packages, 'shop/a/Kptfile'), '# altered\n');
    await eventually(
      'it is restored',
      async () => ((await operator.metric('patchgen_publish_total{outcome="restored"}')) ?? 0) >= times,
    );
  }
  await eventually('the series is told', async () =>
    (await eventsIn(world.plane, 'shop')).some(({ series }) => series?.count === 2),
  );
  expect(await forbidden(operator)).toBeUndefined();
  expect(await operator.stop()).toBe(0);
  const records = world.audit(end).records.filter(({ user }) => user.username === ACCOUNT);
  expect(records.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
  const used = records.map(({ verb, objectRef }) => {
    const { resource, subresource } = objectRef ?? {};
    return `${verb} ${subresource === undefined ? resource : `${resource}/${subresource}`}`;
  });
  expect([...new Set(used)].toSorted()).toEqual([
    'create events',
    'create leases',
    'patch events',
    'update leases',
    'update patchintents/status',
  ]);
});

test('events that are forbidden hold up nothing; they are counted, and come again once allowed', async () => {
  const operator = await start();
  const giveBack = await revoke(CLUSTER_ROLE, 'events');
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
  const giveBack = await revoke(CLUSTER_ROLE, 'patchintents/status');
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
  const giveBack = await revoke(CLUSTER_ROLE, 'patchintents');
  await world.plane.killApiServer();
  await world.plane.startApiServer();
  await eventually('the watch is refused', () => operator.log.some(({ cause }) => cause === 'forbidden'));
  const second = await world.launch({
    kubeconfig,
    outputDir: world.volume(),
    flags: ['--leader-election-namespace', 'patchgen-system'],
  });
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
  expect(await forbidden(second)).toBeDefined();
  expect(await second.stop()).toBe(0);
  expect(await operator.stop()).toBe(0);
});

test('a Lease that may not be written ends the leader with code 64; a candidate stands by until it is allowed', async () => {
  const operator = await start(QUICK_LEASE);
  await readyIntents(world, 'shop', ['led']);
  const giveBack = await revoke(LEASE_ROLE, 'leases');
  expect(await operator.exited).toBe(64);
  const candidate = await start(QUICK_LEASE);
  await eventually('it says why', () => candidate.log.some(({ msg }) => msg === 'lease could not be reached'));
  await giveBack();
  await readyIntents(world, 'shop', ['led', 'led-again']);
  expect(await candidate.stop()).toBe(0);
});
