import { appendFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { GUARDS } from '../../../src/api/guards/index.ts';
import { TARGET_KINDS } from '../../../src/api/guards/requester.ts';
import { CONSENT_ANY, CONSENT_LABEL } from '../../../src/policy/reach.ts';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { type AuditRecord, inWords, isForbidden } from '../../support/audit.ts';
import { installGuards } from '../../support/guards.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { eventsIn, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import { type Right, rightInWords, rightsOf, uses } from '../../support/rights.ts';
import {
  awaitApproval,
  changeTargets,
  FLEET,
  makePolicies,
  quarrelOverPolicy,
  SCALED_OBJECT,
  serveKind,
} from '../../support/rights-scenes.ts';

// The operator with the rights that the chart renders: it needs all of them, and no other.

const TARGETS = [...TARGET_KINDS, FLEET];

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld({ targets: TARGETS });
  for (const kind of [FLEET, SCALED_OBJECT]) await serveKind(world, kind);
  // The third guard would refuse the kind that the operator is to refuse.
  await installGuards(world.plane, [GUARDS.approver, GUARDS['requested-by']]);
  for (const name of ['shop', 'team-a', 'team-b', 'team-c', 'token', 'plain', 'apps']) await world.namespace(name);
  await world.plane.kubectl(['label', 'namespace', 'apps', `${CONSENT_LABEL}=${CONSENT_ANY}`]);
  await makePolicies(world, ['shop', 'team-*']);
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

const NAMES = ['a', 'b', 'c', 'd'];

interface Life {
  readonly namespaces: readonly string[];
  readonly flags: readonly string[];
  readonly lease?: string;
  /** Where intents of the first namespace reach. */
  readonly reached?: string;
  /** `plain`: without targets and policies. */
  readonly permission?: 'plain';
}

/** An operator on a volume of its own, with all that can happen to an intent in each namespace, and to all of them. */
async function wholeLife(life: Life): Promise<void> {
  const { namespaces, flags: scope, lease = 'patchgen', reached, permission } = life;
  const outputDir = world.volume();
  const flags = [...PATIENT_LEASE, '--resync-interval', '1s', ...scope];
  const { end } = world.requests();
  const operator = await world.start({ outputDir, flags });
  for (const namespace of namespaces) await lifeIn(namespace, join(outputDir, 'packages', namespace), operator);
  if (permission !== 'plain') await permissionIn(namespaces, reached, end);
  const packagesOf = (namespace: string): readonly string[] => readdirSync(join(outputDir, 'packages', namespace));
  await eventually('all other packages are gone', () =>
    namespaces.every((namespace) => packagesOf(namespace).length === NAMES.length),
  );
  for (let times = 1; times <= 2; times += 1) {
    for (const namespace of namespaces) for (const name of NAMES) await world.remove(`${namespace}/${name}`);
    const all = namespaces.length * NAMES.length;
    await eventually('all removals are held', async () => (await held(operator)) === all);
    for (const namespace of namespaces) await readyIntents(world, namespace, NAMES);
    await eventually('nothing is held', async () => (await held(operator)) === 0);
  }
  await eventually('what is held again is told as a series', () => seriesOf('default', 'RemovalHeld', lease));
  expect(await operator.stop()).toBe(0);
}

/** What makes the operator look at targets, count, and ask whether approvals are guarded; `end` is where its requests begin. */
async function permissionIn(namespaces: readonly string[], reached: string | undefined, end: number): Promise<void> {
  for (const namespace of namespaces) await changeTargets(world, TARGETS, { from: namespace, to: namespace });
  const [first = ''] = namespaces;
  if (reached !== undefined) await changeTargets(world, TARGETS, { from: first, to: reached });
  await awaitApproval(world, first);
  const hasReadPolicy = (): boolean =>
    world
      .requests(end)
      .records.some(({ verb, objectRef }) => verb === 'get' && objectRef?.resource === 'patchpolicies');
  await quarrelOverPolicy(world, `${first}/quarrel`, hasReadPolicy);
}

const held = async (operator: OperatorProcess): Promise<number> =>
  (await operator.metric('patchgen_removals_held{cause="all"}')) ?? 0;

async function seriesOf(namespace: string, reason: string, about: string): Promise<boolean> {
  const events = await eventsIn(world.plane, namespace);
  return events.some((it) => it.reason === reason && it.regarding.name === about && (it.series?.count ?? 1) > 1);
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
  await eventually('the series is told', () => seriesOf(namespace, 'PackageRestored', 'a'));
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

/** What every account may ask (system:discovery): whether our kinds are served, and which resource a custom kind is. */
const OURS = 'get /apis/patchgen.dev/v1alpha1';
const FLEETS = `get /apis/${FLEET.apiVersion}`;

const CLUSTER_SCOPED = new Set([
  'patchpolicies',
  'patchpolicies/status',
  'namespaces',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'customresourcedefinitions',
]);

const fullName = (objectRef: AuditRecord['objectRef']): string =>
  [objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/');

/** The namespaces of requests about objects. */
const placesOf = (records: readonly AuditRecord[]): ReadonlySet<string | undefined> =>
  new Set(
    records.flatMap(({ objectRef }) => (objectRef?.resource === undefined ? [] : [objectRef.namespace ?? 'none'])),
  );

function expectExactUse({ rights, records }: Compared, asked: readonly string[]): void {
  const onResources = records.filter(({ objectRef }) => objectRef?.resource !== undefined);
  expect(onResources.length).toBeGreaterThan(0);
  const unused = rights.filter((right) => !onResources.some((record) => uses(record, right)));
  expect(unused.map(rightInWords), 'rights that nobody used').toEqual([]);
  const outside = onResources.filter((record) => !rights.some((right) => uses(record, right)));
  expect(outside.map(inWords), 'requests that no role of the chart allows').toEqual([]);
  expect(records.filter(isForbidden).map(inWords)).toEqual([]);
  const discovery = records.filter((record) => !onResources.includes(record));
  expect(new Set(discovery.map(({ verb, requestURI }) => `${verb} ${requestURI}`))).toEqual(new Set(asked));
}

test('a whole life uses every right that the chart gives, and needs no other', async () => {
  const { end } = world.requests();
  await wholeLife({ namespaces: ['shop'], flags: [] });
  expectExactUse(await used(end), [OURS, FLEETS]);
});

test('with watchNamespaces the same holds of Roles there, on targets where intents may reach, and of what no namespace has', async () => {
  await world.apply('team-c/foreign', scale('foreign', 1));
  const flags = [
    ...['--watch-namespaces', 'team-a,team-b', '--leader-election-id', 'teams'],
    ...['--allowed-target-namespaces', 'apps', '--plan-dry-run'],
  ];
  const { end } = world.requests();
  await wholeLife({ namespaces: ['team-a', 'team-b'], flags, lease: 'teams', reached: 'apps' });
  const { rights, records } = await used(end, flags);
  expectExactUse({ rights, records }, [OURS, FLEETS]);
  const inNoNamespace = rights.filter(({ namespace }) => namespace === undefined).map(({ resource }) => resource);
  expect(new Set(inNoNamespace)).toEqual(CLUSTER_SCOPED);
  expect(placesOf(records.filter(({ objectRef }) => !CLUSTER_SCOPED.has(fullName(objectRef))))).toEqual(
    new Set(['team-a', 'team-b', 'apps', 'default']),
  );
  const inDefault = records.filter(({ objectRef }) => objectRef?.namespace === 'default');
  expect(new Set(inDefault.map(({ objectRef }) => objectRef?.resource))).toEqual(new Set(['leases', 'events']));
  const patches = records.filter(({ verb, objectRef }) => verb === 'patch' && objectRef?.resource !== 'events');
  expect(patches.length).toBeGreaterThan(0);
  expect(patches.filter(({ requestURI }) => !requestURI.includes('dryRun=All'))).toEqual([]);
  expect((await world.get('team-c/foreign'))?.status?.conditions).toBeUndefined();
});

test('with watchNamespaces, without policies and live plans, nothing at all outside of them is asked for', async () => {
  const flags = [
    ...['--watch-namespaces', 'plain', '--leader-election-id', 'plain'],
    ...['--policies=false', '--live-plans=false'],
  ];
  const { end } = world.requests();
  await wholeLife({ namespaces: ['plain'], flags, lease: 'plain', permission: 'plain' });
  const { rights, records } = await used(end, flags);
  expectExactUse({ rights, records }, [OURS]);
  expect(rights.map(({ namespace }) => namespace)).not.toContain(undefined);
  expect(placesOf(records)).toEqual(new Set(['plain', 'default']));
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
