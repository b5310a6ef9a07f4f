import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PatchPolicySpec } from '../../../src/api/schema/patchpolicy.ts';
import type { PatchIntent } from '../../../src/api/types.ts';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { installGuards } from '../../support/guards.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { CASES_OF_POLICIES } from '../../support/monitoring/cases-of-policies.ts';
import { asItGoes, grown } from '../../support/monitoring/outlook.ts';
import { alertsOf } from '../../support/monitoring/promtool.ts';
import type { Track } from '../../support/monitoring/tracks.ts';
import { scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import { nextSecond } from '../../support/safety-scenes.ts';
import { takeRights } from '../../support/taken-right.ts';

// Changes that policies, people, rivals and missing rights hold back: what the operator serves under /metrics raises alerts.

let world: OperatorWorld;
let namespace: string;
let count = 0;
const seen = new Set<string>();
beforeAll(async () => {
  world = await operatorWorld({ rights: 'taken-away' });
});
afterAll(async () => world?.stop());
beforeEach(async () => {
  count += 1;
  namespace = `held-${count}`;
  await world.namespace(namespace);
});
afterEach(async () => {
  await world.plane.kubectl(['delete', 'patchpolicies', '--all']);
  expect(world.statuses.findings).toEqual([]);
});

/** Each scene has an operator, a Lease and a namespace of its own. */
const flags = (...more: string[]): string[] => [
  ...PATIENT_LEASE,
  '--watch-namespaces',
  namespace,
  '--leader-election-id',
  namespace,
  ...more,
];
const start = (...more: string[]): Promise<OperatorProcess> =>
  world.start({ outputDir: world.volume(), flags: flags(...more) });

/** A policy for intents of this scene whose targets have one of these names. */
async function policy(name: string, targets: readonly string[], spec: PatchPolicySpec): Promise<void> {
  const match = { namespaces: { names: [namespace] }, targets: { names: [...targets] } };
  await create('/apis/patchgen.dev/v1alpha1/patchpolicies', {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchPolicy',
    metadata: { name },
    spec: { match, ...spec },
  });
}

async function create(path: string, object: object): Promise<void> {
  const { status, body } = await world.plane.request('POST', path, object);
  if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
}

/** Applies an intent for a target of its own name, and waits until its status says this. */
async function told(name: string, words: string, replicas = 5, target = name): Promise<PatchIntent> {
  await world.apply(`${namespace}/${name}`, scale(target, replicas));
  return world.until(`${namespace}/${name}`, words, (it) => readyWords(it) === words);
}

const metric = (operator: OperatorProcess, series: string, value: number): Promise<void> =>
  eventually(`${series} is ${value}`, async () => (await operator.metric(series)) === value);

async function raised(tracks: readonly Track[]): Promise<readonly string[]> {
  const names = await alertsOf(tracks, 90);
  for (const name of names) seen.add(name);
  return names;
}

test('an autoscaler and an older intent that have the field, and plans that people have to agree to', async () => {
  await policy('ask', ['asked'], { approval: { mode: 'Always' } });
  await create(`/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web' },
    spec: { maxReplicas: 9, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
  });
  const operator = await start();
  await told('web', 'False ManagedByAutoscaler');
  await told('first', 'True PackageWritten', 3, 'shared');
  // Of two of one second, the uid decides who is older.
  await nextSecond();
  await told('second', 'False ConflictingIntent', 4, 'shared');
  const asked = await told('asked', 'False AwaitingApproval');
  await metric(operator, 'patchgen_conflicts{by="autoscaler"}', 1);
  await metric(operator, 'patchgen_conflicts{by="intent"}', 1);
  // The admission policies are not installed here.
  expect(await raised(await asItGoes(operator))).toEqual(
    expect.arrayContaining(['PatchgenApprovalsUnguarded', 'PatchgenConflicts']),
  );
  expect(await operator.stop()).toBe(0);

  await waitedSince(asked, new Date(Date.now() - 25 * 3_600_000));
  await installGuards(world.plane);
  const next = await start();
  await metric(next, 'patchgen_approval_guard{state="intact"}', 1);
  await metric(next, 'patchgen_approvals_pending', 1);
  const names = await raised(await asItGoes(next));
  expect(names).toContain('PatchgenApprovalsWaiting');
  expect(names).not.toContain('PatchgenApprovalsUnguarded');
  expect(await next.stop()).toBe(0);
});

/** The same intent anew, as it would be if it had been waiting since then. */
async function waitedSince({ metadata, spec, status }: PatchIntent, since: Date): Promise<void> {
  const key = `${metadata.namespace}/${metadata.name}`;
  await world.remove(key);
  await world.apply(key, spec);
  const intent = await world.until(key, 'is there', () => true);
  const lastTransitionTime = `${since.toISOString().slice(0, 19)}Z`;
  const conditions = status?.conditions?.map((condition) => ({ ...condition, lastTransitionTime }));
  const path = `/apis/patchgen.dev/v1alpha1/namespaces/${metadata.namespace}/patchintents/${metadata.name}/status`;
  const answer = await world.plane.request('PUT', path, { ...intent, status: { ...status, conditions } });
  expect(answer.status).toBe(200);
}

test('policies that refuse, that cannot be decided, that cannot be used, and one whose storm brake is on', async () => {
  await policy('few', ['many-*'], { replicas: { max: 5 } });
  await policy('step', ['blind'], { replicas: { maxDelta: 2 } });
  await policy('never', ['odd'], { windows: [{ effect: 'Allow', schedule: '0 0 31 2 *', duration: '1h' }] });
  await policy('storm', ['blocked'], { storm: { failures: 1, window: '10m', coolDown: '1h' } });
  const outputDir = world.volume();
  const operator = await world.start({ outputDir, flags: flags() });
  await metric(operator, 'patchgen_policies{ready="False"}', 1);
  const denied = 'patchgen_policy_denials_total{rule="replicas.max"}';
  const tracks = await asItGoes(operator, 'a', async () => {
    for (let i = 0; i < 25; i += 1) await world.apply(`${namespace}/many-${i}`, scale(`many-${i}`, 50));
    await metric(operator, denied, 25);
    await told('blind', 'False PolicyUnresolved');
    await told('odd', 'False PolicyUnresolved');
  });
  expect(await raised(tracks)).toEqual(
    expect.arrayContaining([
      'PatchgenDenials',
      'PatchgenIntentsStalled',
      'PatchgenPolicyInvalid',
      'PatchgenPolicyUnresolved',
    ]),
  );

  mkdirSync(join(outputDir, 'packages', namespace, 'blocked'), { recursive: true });
  writeFileSync(join(outputDir, 'packages', namespace, 'blocked/mine'), 'not a package');
  await told('blocked', 'False UnsafePath');
  await metric(operator, 'patchgen_policies_braking', 1);
  expect(await raised(await asItGoes(operator))).toContain('PatchgenStormBrake');
  expect(await operator.stop()).toBe(0);
});

test('rights that are missing: for autoscalers, for targets, and for the status of policies', async () => {
  await policy('rate', ['*'], { rate: { perTargetPerHour: 5 } });
  const account = await world.account(flags());
  await takeRights(world.plane, account, ['horizontalpodautoscalers', 'deployments/scale', 'patchpolicies/status']);
  const operator = await start('--resync-interval', '1s');
  await metric(operator, 'patchgen_watch_unreadable{resource="horizontalpodautoscalers"}', 1);
  await told('web', 'False PolicyUnavailable');
  const failed = grown(operator, 'patchgen_policy_reservations_total', { result: 'failed' }, 2);
  const read = grown(operator, 'patchgen_plan_reads_total', { result: 'unreadable' }, 2);
  const tracks = await asItGoes(operator, 'a', async () => void (await Promise.all([failed(), read()])));
  expect(await raised(tracks)).toEqual(
    expect.arrayContaining([
      'PatchgenIntentsFailing',
      'PatchgenPolicyWritesFailing',
      'PatchgenRightsMissing',
      'PatchgenSurroundingsUnreadable',
      'PatchgenTargetsUnreadable',
    ]),
  );
  expect(await operator.stop()).toBe(0);
});

test('every alert about policies, approvals and plans was raised by an operator', () => {
  expect(Object.keys(CASES_OF_POLICIES).filter((alert) => !seen.has(alert))).toEqual([]);
});
