import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { patchIntentCrd } from '../../../src/api/crd.ts';
import type { PatchIntent } from '../../../src/api/types.ts';
import { installCrds } from '../../../tools/control-plane/crds.ts';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { eventsIn, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import { permissiveCrd } from '../../support/permissive-crd.ts';
import { lintStatus } from '../../support/status-linter.ts';
import { treeOf } from '../../support/tree.ts';

// Objects stored under a schema that takes anything; the operator meets them under it, and again under ours.

const GOOD = scale('web', 5);
const LONG_NAME = 'n'.repeat(253);
const deep = `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`;

/** Name, spec as JSON, the reason that is reported, and whether our schema lets the status of it be written. */
const POISON: readonly (readonly [name: string, spec: string, reason: string, statusTaken: boolean])[] = [
  ['empty', '{}', 'InvalidSpec', true],
  ['nulls', '{"intentType":null,"target":null,"replicas":null}', 'InvalidSpec', true],
  ['int64', '{"intentType":"scaling","target":"web","replicas":9223372036854775807}', 'InvalidSpec', true],
  [
    'prototype',
    '{"__proto__":{"target":"web"},"constructor":{"prototype":{"x":1}},"intentType":"scaling"}',
    'InvalidSpec',
    true,
  ],
  ['future', '{"intentType":"image","target":"web","image":"nginx:2"}', 'UnsupportedIntentType', true],
  ['traversal', '{"intentType":"scaling","target":"../../etc","replicas":5}', 'InvalidPath', true],
  [
    'controls',
    '{"intentType":"scaling","target":"web\\u0000\\r\\n\\u001b[2J\\u202e","replicas":5}',
    'InvalidPath',
    true,
  ],
  ['huge', JSON.stringify({ ...GOOD, target: 'a'.repeat(400_000), reason: '😀'.repeat(100_000) }), 'InvalidSpec', true],
  [LONG_NAME, JSON.stringify(GOOD), 'InvalidSpec', true],
  ['text', '"scaling"', 'InvalidSpec', false],
  ['list', '[1,2,3]', 'InvalidSpec', false],
  ['types', '{"intentType":["scaling"],"target":{"name":"web"},"replicas":"5","suspend":"no"}', 'InvalidSpec', false],
  ['float', '{"intentType":"scaling","target":"web","replicas":2.5}', 'InvalidSpec', false],
  ['deep', `{"intentType":"scaling","target":"web","replicas":${deep}}`, 'InvalidSpec', false],
];

/** Statuses that no operator of ours wrote. */
const WEIRD: readonly (readonly [name: string, status: unknown])[] = [
  ['weird-empty', {}],
  ['weird-types', { observedGeneration: 'one', conditions: 'Ready', package: [], plan: 5, change: {} }],
  ['weird-conditions', { conditions: [null, 5, 'Ready', {}, { type: 'Ready', status: 'Maybe' }, { type: 'Ready' }] }],
  [
    'weird-numbers',
    { observedGeneration: 9e15, package: { name: 'x', generation: 2.5, fileCount: -1, sizeBytes: 'many' } },
  ],
];

let world: OperatorWorld;
let operator: OperatorProcess;
beforeAll(async () => {
  world = await operatorWorld();
  await world.namespace('poison');
  await world.namespace('good');
  await world.plane.kubectl(['delete', '-f', 'crds']);
  await world.plane.request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', permissiveCrd());
  await eventually('the permissive kind is served', async () => (await create('probe', JSON.stringify(GOOD))) === 201);
  await world.remove('poison/probe');
  for (const [name, spec] of POISON) expect(await create(name, spec)).toBe(201);
  for (const [name, status] of WEIRD) {
    expect(await create(name, JSON.stringify(GOOD))).toBe(201);
    expect(await setStatus(name, status)).toBe(200);
  }
});
afterAll(async () => world?.stop());

async function create(name: string, spec: string): Promise<number> {
  const head = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchIntent', metadata: { name, namespace: 'poison' } };
  const body = `${JSON.stringify(head).slice(0, -1)},"spec":${spec}}`;
  const path = '/apis/patchgen.dev/v1alpha1/namespaces/poison/patchintents';
  return (await world.plane.request('POST', path, body)).status;
}

async function setStatus(name: string, status: unknown): Promise<number> {
  const path = `/apis/patchgen.dev/v1alpha1/namespaces/poison/patchintents/${name}/status`;
  return (await world.plane.request('PATCH', path, { status }, 'application/merge-patch+json')).status;
}

const reasonOf = async (name: string): Promise<string> =>
  readyWords((await world.get(`poison/${name}`)) ?? ({ metadata: {} } as PatchIntent));

async function eachSays(names: readonly (readonly [string, string])[]): Promise<void> {
  for (const [name, words] of names)
    await eventually(`${name} says ${words}`, async () => (await reasonOf(name)) === words);
}

test('every bad object says what is wrong with it, odd statuses are replaced, and good intents beside them become Ready', async () => {
  const raw = join(world.volume(), 'log');
  operator = await world.start({
    flags: [...PATIENT_LEASE, '--workers', '2', '--debug'],
    under: ['bash', '-c', 'exec "$@" 2> >(tee "$0" >&2)', raw],
  });
  await readyIntents(world, 'good', ['a', 'b', 'c']);
  await eachSays(POISON.map(([name, , reason]) => [name, `False ${reason}`]));
  await eachSays(WEIRD.map(([name]) => [name, 'True PackageWritten']));
  expect(readdirSync(join(world.packages, 'poison')).toSorted()).toEqual(WEIRD.map(([name]) => name).toSorted());
  for (const object of await world.list('poison')) expect(lintStatus(object)).toEqual([]);
  const log = readFileSync(raw, 'utf8');
  expect(log).toContain('poison/controls');
  expect(log.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  for (const line of log.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
  expect(operator.child.exitCode).toBeNull();
});

const REFUSED = POISON.filter(([, , , taken]) => !taken).map(([name]) => name);

test('under our schema again: what can be told is told, and good intents are as before', async () => {
  expect(await operator.stop()).toBe(0);
  for (const name of REFUSED) expect(await setStatus(name, null)).toBe(200);
  const { spec } = patchIntentCrd();
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/patchintents.patchgen.dev';
  expect((await world.plane.request('PATCH', path, { spec }, 'application/merge-patch+json')).status).toBe(200);
  await installCrds(world.plane, 'crds');
  await eventually('our schema is in force', async () => (await create('refused', '{}')) === 422);
  const before = treeOf(join(world.packages, 'good'));
  operator = await world.start({ flags: [...PATIENT_LEASE, '--workers', '2', '--resync-interval', '2s'] });
  await readyIntents(world, 'good', ['a', 'b', 'c', 'd']);
  await eachSays(POISON.filter(([, , , taken]) => taken).map(([name, , reason]) => [name, `False ${reason}`]));
  await world.plane.kubectl(['annotate', '-n', 'poison', 'pi/empty', 'patchgen.dev/requestedAt=now']);
  await world.until('poison/empty', 'echoes', ({ status }) => status?.lastHandledReconcileAt === 'now');
  expect(treeOf(join(world.packages, 'good'))).toMatchObject(before);
  expect(await operator.metric('patchgen_removals_total')).toBe(0);
  expect(world.statuses.findings.filter((finding) => finding.startsWith('good/'))).toEqual([]);
});

test('an object whose every status is refused is told by one Warning Event, and tried only once per resync', async () => {
  const tries = (): number =>
    world
      .audit()
      .records.filter(({ responseStatus, objectRef }) => responseStatus?.code === 422 && objectRef?.name === 'types')
      .length;
  const runs = async (): Promise<number> =>
    (await operator.metric('controller_runtime_reconcile_total{controller="patchintent",result="success"}')) ?? 0;
  await eventually('each is tried', () => tries() >= 2);
  const from = { tries: tries(), runs: await runs() };
  const objects = POISON.length + WEIRD.length + 4;
  await eventually('four resyncs', async () => (await runs()) - from.runs >= 4 * objects);
  // Each try is two requests: the whole status, and the summary alone.
  expect(tries() - from.tries).toBeGreaterThanOrEqual(2 * 2);
  expect(tries() - from.tries).toBeLessThanOrEqual(2 * 8);
  const told = (await eventsIn(world.plane, 'poison')).filter(({ reason }) => reason === 'StatusRefused');
  expect(told.map(({ regarding }) => regarding.name).toSorted()).toEqual(REFUSED.toSorted());
  expect(new Set(told.map(({ type }) => type))).toEqual(new Set(['Warning']));
  expect(operator.child.exitCode).toBeNull();
});
