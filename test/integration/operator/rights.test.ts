import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { type AuditRecord, inWords, isForbidden } from '../../support/audit.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { eventsIn, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import { type Right, rightInWords, rightsOf, uses } from '../../support/rights.ts';

// The operator with the rights that the chart renders: it needs all of them, and no other.

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
  for (const name of ['shop', 'team-a', 'team-b', 'team-c', 'token']) await world.namespace(name);
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

const NAMES = ['a', 'b', 'c', 'd'];

/** An operator on a volume of its own, with all that can happen to an intent in each namespace, and to all of them. */
async function wholeLife(namespaces: readonly string[], scope: readonly string[]): Promise<void> {
  const outputDir = world.volume();
  const flags = [...PATIENT_LEASE, '--resync-interval', '1s', ...scope];
  const operator = await world.start({ outputDir, flags });
  for (const namespace of namespaces) await lifeIn(namespace, join(outputDir, 'packages', namespace), operator);
  for (let times = 1; times <= 2; times += 1) {
    for (const namespace of namespaces) for (const name of NAMES) await world.remove(`${namespace}/${name}`);
    const all = namespaces.length * NAMES.length;
    await eventually('all removals are held', async () => (await held(operator)) === all);
    for (const namespace of namespaces) await readyIntents(world, namespace, NAMES);
    await eventually('nothing is held', async () => (await held(operator)) === 0);
  }
  await eventually('what is held again is told as a series', async () => seriesOf('default', 'RemovalHeld'));
  expect(await operator.stop()).toBe(0);
}

const held = async (operator: OperatorProcess): Promise<number> =>
  (await operator.metric('patchgen_removals_held{cause="all"}')) ?? 0;

async function seriesOf(namespace: string, reason: string): Promise<boolean> {
  const events = await eventsIn(world.plane, namespace);
  return events.some((it) => it.reason === reason && (it.series?.count ?? 1) > 1);
}

async function lifeIn(namespace: string, packages: string, operator: OperatorProcess): Promise<void> {
  await readyIntents(world, namespace, NAMES);
  await world.apply(`${namespace}/a`, scale('a', 9));
  await world.ready(`${namespace}/a`);
  await world.apply(`${namespace}/b`, { ...scale('b', 1), targetKind: 'DaemonSet' });
  await world.until(`${namespace}/b`, 'is refused', (it) => readyWords(it) === 'False UnsupportedTargetKind');
  await world.remove(`${namespace}/c`);
  await eventually('the package goes', () => !existsSync(join(packages, 'c')));
  const restored = async (): Promise<number> =>
    (await operator.metric('patchgen_publish_total{outcome="restored"}')) ?? 0;
  for (let times = 1; times <= 2; times += 1) {
    const before = await restored();
    appendFileSync(join(packages, 'a/Kptfile'), '# altered\n');
    await eventually('it is restored', async () => (await restored()) > before);
  }
  await eventually('the series is told', () => seriesOf(namespace, 'PackageRestored'));
  await readyIntents(world, namespace, NAMES);
}

interface Compared {
  readonly rights: readonly Right[];
  readonly records: readonly AuditRecord[];
}

/** The rights of the account with these flags, and what it asked for since `from`. */
async function used(from: number, flags: readonly string[] = []): Promise<Compared> {
  const { objects, username } = await world.account(flags);
  const { records } = world.requests(from);
  return { rights: rightsOf(objects), records: records.filter(({ user }) => user.username === username) };
}

function expectExactUse({ rights, records }: Compared): void {
  const onResources = records.filter(({ objectRef }) => objectRef?.resource !== undefined);
  expect(onResources.length).toBeGreaterThan(0);
  const unused = rights.filter((right) => !onResources.some((record) => uses(record, right)));
  expect(unused.map(rightInWords), 'rights that nobody used').toEqual([]);
  const outside = onResources.filter((record) => !rights.some((right) => uses(record, right)));
  expect(outside.map(inWords), 'requests that no role of the chart allows').toEqual([]);
  expect(records.filter(isForbidden).map(inWords)).toEqual([]);
  const discovery = records.filter((record) => !onResources.includes(record));
  // Whether the kind is served; every account may ask that (system:discovery).
  expect(new Set(discovery.map(({ verb, requestURI }) => `${verb} ${requestURI}`))).toEqual(
    new Set(['get /apis/patchgen.dev/v1alpha1']),
  );
}

test('a whole life uses every right that the chart gives, and needs no other', async () => {
  const { end } = world.requests();
  await wholeLife(['shop'], []);
  expectExactUse(await used(end));
});

test('with watchNamespaces the same holds of Roles in these namespaces alone: nothing else is touched', async () => {
  await world.apply('team-c/foreign', scale('foreign', 1));
  const scope = ['--watch-namespaces', 'team-a,team-b', '--leader-election-id', 'teams'];
  const { end } = world.requests();
  await wholeLife(['team-a', 'team-b'], scope);
  const { rights, records } = await used(end, scope);
  expectExactUse({ rights, records });
  expect(rights.map(({ namespace }) => namespace)).not.toContain(undefined);
  const places = records.flatMap(({ objectRef }) => (objectRef?.resource === undefined ? [] : [objectRef.namespace]));
  expect(new Set(places)).toEqual(new Set(['team-a', 'team-b', 'default']));
  const inDefault = records.filter(({ objectRef }) => objectRef?.namespace === 'default');
  expect(new Set(inDefault.map(({ objectRef }) => objectRef?.resource))).toEqual(new Set(['leases', 'events']));
  expect((await world.get('team-c/foreign'))?.status?.conditions).toBeUndefined();
});

test('a token that is rotated on disk is picked up by the running operator', async () => {
  const flags = [...PATIENT_LEASE, '--watch-namespaces', 'token', '--leader-election-id', 'token'];
  const operator = await world.start({ outputDir: world.volume(), flags });
  await readyIntents(world, 'token', ['before']);
  const account = await world.account(flags);
  const [, , namespace = '', name = ''] = account.username.split(':');
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  // Tokens of an account that was made anew are other tokens: the old one is refused from now on.
  await world.plane.request('DELETE', `${path}/${name}`);
  await world.plane.request('POST', path, { metadata: { name } });
  const { token } = account;
  await eventually('the old token is refused', async () => !(await isTaken(token)));
  await account.rotate();
  await readyIntents(world, 'token', ['after']);
  expect(await operator.stop()).toBe(0);
});

/** Whether the API server takes this token; its answers are up to ten seconds old. */
async function isTaken(token: string): Promise<boolean> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  const { body } = await world.plane.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review);
  return (body as { status: { authenticated?: boolean } }).status.authenticated === true;
}
