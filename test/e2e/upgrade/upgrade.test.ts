import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PatchIntent } from '../../../src/api/types.ts';
import { FORMAT } from '../../../src/kpt/digest.ts';
import { bundle } from '../../../tools/build/bundle.ts';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { inWords, isForbidden } from '../../support/audit.ts';
import { CHART } from '../../support/helm.ts';
import { allReady, eventsIn, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, isReady, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import { changedFiles, frozenVersion, type Version, workingTree } from '../../support/upgrade/fixture.ts';
import { NAMESPACE, type Release, releaseIn } from '../../support/upgrade/release.ts';
import { fingerprint, leadingSince, leads, rollOut, settled } from '../../support/upgrade/rollout.ts';

// From a frozen version to the working tree and back, by real Helm, with the program of each version as its service account.

const FROZEN = '0.1.0';
const FORMAT_OF_FROZEN = 1;

/** What the frozen chart has rights on, and so what is never refused. */
const FROZEN_RIGHTS = new Set<string | undefined>(['patchintents', 'events', 'leases']);

/** The frozen version leaves conditions as they are that it does not know, also when the spec changes. */
const LEFT_BEHIND = /: (Planned is stale while Ready is True|Planned speaks of another generation than the status)$/;

let folder: string;
let old: Version;
let fresh: Version;
let world: OperatorWorld;
let release: Release;
beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'patchgen-upgrade-'));
  old = frozenVersion(FROZEN, folder);
  fresh = workingTree(await bundle(join(folder, 'dist')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  // A rollback narrows the rights while the newer pods still run; what they may miss is looked at below.
  world = await operatorWorld({ crds: 'later', controllerManager: true, rights: 'taken-away' });
  release = await releaseIn(world);
});
afterEach(async () => {
  const { findings } = world.statuses;
  const missed = world.requests().records.filter((it) => isForbidden(it) && FROZEN_RIGHTS.has(it.objectRef?.resource));
  await world.stop();
  expect(findings.filter((finding) => !LEFT_BEHIND.test(finding))).toEqual([]);
  expect(missed.map(inWords)).toEqual([]);
});

const NAMES = Array.from({ length: 12 }, (_, i) => `app-${i}`);
/** Stalled, suspended and dry run beside them. */
const ALL = NAMES.length + 3;

const STALLED = { ...scale('stalled', 1), targetKind: 'DaemonSet' };

async function createIntents(): Promise<void> {
  for (const namespace of ['shop', 'gone']) await world.namespace(namespace);
  await readyIntents(world, 'shop', [...NAMES, 'still']);
  await world.apply('shop/stalled', STALLED);
  await world.apply('shop/still', { ...scale('still', 9), suspend: true });
  await world.apply('shop/dry', { ...scale('dry', 1), dryRun: true });
  await intentsAreAsTheyWere();
}

async function intentsAreAsTheyWere(): Promise<void> {
  await world.until('shop/stalled', 'is stalled', (it) => readyWords(it) === 'False UnsupportedTargetKind');
  await world.until('shop/still', 'is suspended', (it) => readyWords(it) === 'False Suspended');
  await world.until('shop/dry', 'is a dry run', (it) => readyWords(it) === 'True DryRun');
  const ready = (await world.list('shop')).filter(isReady).map(({ metadata }) => metadata.name);
  expect(ready.toSorted()).toEqual([...NAMES, 'dry'].toSorted());
}

/** How many Events there are, once no more come: each is sent a moment after what it tells of. */
async function events(): Promise<number> {
  const count = async (): Promise<number> => (await eventsIn(world.plane, 'shop')).length;
  for (;;) {
    const before = await count();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if ((await count()) === before && before > 0) return before;
  }
}

/**
 * What operators wrote since then, but for the Lease. A release that words statuses anew writes each of them once: say so here.
 * This one plans against live targets, so its statuses tell more of the plan, and it names more kinds that can be scaled.
 * A rollback takes rights from pods that are still to go: one of them that comes to lead once more says so in each status, so
 * there the writes are counted from when a pod of the older version leads.
 */
const writesSince = (end: number, leader: number): readonly string[] =>
  world
    .audit(end)
    .records.filter(({ objectRef }) => objectRef?.resource !== 'leases')
    .filter(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp) >= leader)
    .map(({ verb, objectRef }) =>
      objectRef?.resource === 'events'
        ? `${verb} Event about ${objectRef.name?.replace(/\.[0-9a-f]+$/, '')}`
        : `${verb} ${objectRef?.resource}/${objectRef?.subresource} ${objectRef?.name}`,
    );
/** The one failure among the intents, which two versions put into other words. */
const REWORDED = 'create Event about stalled';
const rewritten = (names: readonly string[]): readonly string[] =>
  names.map((name) => `update patchintents/status ${name}`).toSorted();
const patchOf = (outputDir: string, name: string): string =>
  readFileSync(join(outputDir, 'packages/shop', name, 'scaling-patch.yaml'), 'utf8');

/** The pods in charge do all that they are for. */
async function expectWork(outputDir: string, turn: number): Promise<void> {
  await world.apply('shop/app-0', scale('app-0', 50 + turn));
  await readyIntents(world, 'shop', [`new-${turn}`]);
  await world.ready('shop/app-0');
  expect(patchOf(outputDir, 'app-0')).toContain(`replicas: ${50 + turn}\n`);
  await world.remove(`shop/new-${turn}`);
  await eventually('its package goes', () => !existsSync(join(outputDir, 'packages/shop', `new-${turn}`)));
}

test('the frozen version is as it was, and of the package format of the working tree', () => {
  expect(changedFiles(FROZEN)).toEqual([]);
  // Another format publishes every package anew: then these tests need a case of it.
  expect(FORMAT).toBe(FORMAT_OF_FROZEN);
});

test('on a shared volume an upgrade and its rollback keep every package, and write each status that is not suspended once', async () => {
  const values = { persistence: { mode: 'shared' } };
  const volume = world.outputDir;
  await release.install(old, values);
  let pods: readonly OperatorProcess[] = [await release.pod(old, volume), await release.pod(old, volume)];
  await createIntents();
  await expectWork(volume, 1);

  const steps: readonly (readonly [Version, () => Promise<string>])[] = [
    [fresh, () => release.upgrade(fresh.chart, values)],
    [old, () => release.rollback(1)],
  ];
  for (const [turn, [version, step]] of steps.entries()) {
    const before = { told: await events(), files: fingerprint(world.packages), intents: await world.list('shop') };
    const { end } = world.audit();
    await step();
    pods = await rollOut(pods, 'first', () => release.pod(version, volume));
    await settled(pods, ALL);
    expect(fingerprint(world.packages)).toEqual(before.files);
    expect((await world.list('shop')).map(withoutStatus)).toEqual(before.intents.map(withoutStatus));
    const writes = writesSince(end, version === old ? leadingSince(pods) : 0);
    expect(writes.toSorted()).toEqual([...rewritten([...NAMES, 'dry', 'stalled']), REWORDED].toSorted());
    expect(await events()).toBe(before.told + 1);
    await expectWork(volume, turn + 2);
    await intentsAreAsTheyWere();
  }
  for (const pod of pods) expect(await pod.stop()).toBe(0);
});

test('with a volume for each pod the new leader publishes everything again, by one status write each and without an Event about it', async () => {
  await release.install(old);
  let pods: readonly OperatorProcess[] = [
    await release.pod(old, world.volume()),
    await release.pod(old, world.volume()),
  ];
  await createIntents();
  for (const [turn, version] of [fresh, old].entries()) {
    const volumes: string[] = [];
    const told = await events();
    const { end } = world.audit();
    await (version === old ? release.rollback(1) : release.upgrade(version.chart));
    pods = await rollOut(pods, 'last', async () => {
      const volume = world.volume();
      volumes.push(volume);
      return release.pod(version, volume);
    });
    const outputDir = volumes[pods.findIndex(leads)] ?? '';
    const published = (): readonly string[] =>
      existsSync(join(outputDir, 'packages/shop')) ? readdirSync(join(outputDir, 'packages/shop')) : [];
    // Nothing is published while an intent is suspended, so its package went with the old volume, and its status says so.
    await eventually('all is there again', () => published().length === NAMES.length);
    expect(published()).not.toContain('still');
    await eventually('the statuses name the new root', async () => {
      const { rootId } = JSON.parse(readFileSync(join(outputDir, 'packages/.patchgen/root.json'), 'utf8')) as {
        rootId: string;
      };
      return (
        (await world.list('shop')).filter(({ status }) => status?.package?.root === rootId).length ===
        published().length
      );
    });
    await world.until('shop/still', 'has no package', ({ status }) =>
      Boolean(status?.conditions?.some(({ type, status: is }) => type === 'Packaged' && is === 'False')),
    );
    expect(await events()).toBe(told + 1);
    // Suspended is among them: its package went with the old volume.
    const writes = writesSince(end, version === old ? leadingSince(pods) : 0);
    expect(writes.toSorted()).toEqual([...rewritten([...NAMES, 'dry', 'stalled', 'still']), REWORDED].toSorted());
    await intentsAreAsTheyWere();
    await expectWork(outputDir, turn + 1);
  }
  for (const pod of pods) expect(await pod.stop()).toBe(0);
});

/** Metadata without what a write of the status moves. */
function withoutStatus({ metadata, spec }: PatchIntent): object {
  const {
    resourceVersion: _version,
    managedFields: _fields,
    ...kept
  } = metadata as PatchIntent['metadata'] & {
    readonly managedFields?: unknown;
  };
  return { metadata: kept, spec };
}

interface CustomResourceDefinition {
  readonly spec: { readonly versions: readonly { readonly additionalPrinterColumns: object[] }[] };
}

/** The chart of the working tree with one column more in its CRD. */
function chartWithAnotherCrd(): string {
  const chart = join(folder, 'next');
  cpSync(CHART, chart, { recursive: true });
  const path = join(chart, 'files/crds/patchgen.dev_patchintents.yaml');
  const crd = load(readFileSync(path, 'utf8')) as CustomResourceDefinition;
  for (const { additionalPrinterColumns } of crd.spec.versions)
    additionalPrinterColumns.push({ name: 'Source', type: 'string', jsonPath: '.spec.source' });
  writeFileSync(path, dump(crd));
  return chart;
}

test('an upgrade that changes the CRD changes it in the cluster, under running operators and stored intents', async () => {
  await release.install(old);
  const pods = [await release.pod(old, world.outputDir)];
  await createIntents();
  expect(await release.columns()).not.toContain('Source');
  await release.upgrade(chartWithAnotherCrd());
  expect(await release.columns()).toContain('Source');
  const [pod] = await rollOut(pods, 'first', () => release.pod(fresh, world.outputDir));
  await expectWork(world.outputDir, 1);
  await intentsAreAsTheyWere();
  await release.rollback(1);
  expect(await release.columns()).not.toContain('Source');
  await world.until(
    'shop/app-0',
    'is read by the older schema',
    ({ status }) => status?.plan?.planDigest === undefined,
  );
  // Seen once as it is read now, so that the next change of its spec is no change of its status.
  await world.plane.kubectl(['annotate', 'pi/app-0', '-n', 'shop', 'seen=again']);
  await expectWork(world.outputDir, 2);
  expect(await pod?.stop()).toBe(0);
});

test('uninstalled, everything of the users stays, namespaces with intents can be deleted, and the notes tell how to remove the rest', async () => {
  const values = { persistence: { mode: 'shared' } };
  await release.install(old, values);
  await world.namespace('shop');
  // The admission policies of the newer chart would not take it.
  await world.apply('shop/stalled', STALLED);
  const notes = await release.upgrade(fresh.chart, values);
  const pod = await release.pod(fresh, world.outputDir);
  await createIntents();
  await readyIntents(world, 'gone', ['a', 'b', 'c']);
  expect(await pod.stop()).toBe(0);
  const before = fingerprint(world.packages);
  await release.uninstall();
  expect(fingerprint(world.packages)).toEqual(before);
  await intentsAreAsTheyWere();
  for (const { metadata } of await world.list('gone')) expect(metadata).not.toHaveProperty('finalizers');

  await world.plane.request('DELETE', '/api/v1/namespaces/gone');
  const namespace = async (): Promise<number> => (await world.plane.request('GET', '/api/v1/namespaces/gone')).status;
  await eventually('the namespace is finished', async () => (await namespace()) === 404, 120_000);
  expect(readdirSync(join(world.packages, 'gone'))).toHaveLength(3);
  await allReady(world, 'shop', NAMES.length + 1);

  const commands = [...notes.matchAll(/^ +kubectl (delete .+)$/gm)].map(([, command = '']) => command);
  expect(commands.map((command) => command.split(' ')[1]).toSorted()).toEqual([
    'crd',
    'lease',
    'persistentvolumeclaim',
  ]);
  // A controller that is not there would let go of the claim.
  for (const command of commands) await world.plane.kubectl([...command.split(' '), '--wait=false']);
  await eventually('the kind is gone', async () => {
    const { status } = await world.plane.request('GET', '/apis/patchgen.dev/v1alpha1/patchintents');
    return status === 404;
  });
  const leases = await world.plane.request('GET', `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`);
  expect((leases.body as { items: unknown[] }).items).toEqual([]);
});
