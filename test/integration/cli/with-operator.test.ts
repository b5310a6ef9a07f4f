import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GUARDS } from '../../../src/api/guards/index.ts';
import type { PatchIntent } from '../../../src/api/types.ts';
import { createApproval } from '../../../src/cli/approval/create.ts';
import { approveCommand, rejectCommand } from '../../../src/cli/approve.ts';
import { withCluster } from '../../../src/cli/cluster.ts';
import { doctorCommand } from '../../../src/cli/doctor.ts';
import { Exit, type Io } from '../../../src/cli/io.ts';
import { planCommand } from '../../../src/cli/plan.ts';
import { statusCommand } from '../../../src/cli/status.ts';
import type { Environment } from '../../../src/config.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createGuard } from '../../../src/reconcile/permit/guard.ts';
import { grantInCluster } from '../../support/cluster-grant.ts';
import { guardPath, installGuards } from '../../support/guards.ts';
import { recordedIo } from '../../support/io.ts';
import { eventually, type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';
import { tempFolder } from '../../support/temp-folder.ts';

// The commands beside a running operator, under the admission policies that the chart brings.

let world: OperatorWorld;
let bob: string;
let alice: string;

beforeAll(async () => {
  world = await operatorWorld({ guards: true });
  const rules = [
    { apiGroups: ['patchgen.dev'], resources: ['patchintents'], verbs: ['get', 'list', 'create', 'update', 'patch'] },
    { apiGroups: ['patchgen.dev'], resources: ['patchpolicies'], verbs: ['get', 'list'] },
    { apiGroups: ['patchgen.dev'], resources: ['patchapprovals'], verbs: ['create', 'list'] },
    { apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], verbs: ['get', 'patch'] },
  ];
  for (const name of ['bob', 'alice']) await grantInCluster(world.plane, `rights-of-${name}`, name, rules);
  const policy = {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchPolicy',
    metadata: { name: 'asks' },
    spec: { approval: { mode: 'Always' }, replicas: { max: 9 } },
  };
  await send('POST', '/apis/patchgen.dev/v1alpha1/patchpolicies', policy);
  [bob, alice] = await Promise.all([world.plane.kubeconfigFor('bob'), world.plane.kubeconfigFor('alice')]);
  await world.start();
  await eventually('decisions count', guardIsTrusted);
});
afterAll(() => world?.stop());

/** Only what is decided a while after the admission policies came counts. */
function guardIsTrusted(): Promise<boolean> {
  return withCluster({ kubeconfig: world.plane.kubeconfig, context: undefined }, {}, async ({ client }) => {
    const guard = createGuard(client, { clock: systemClock, enforce: true });
    const state = await guard.state(new AbortController().signal);
    return typeof state === 'object' && 'trustedSince' in state && state.trustedSince < new Date();
  });
}

async function send(method: string, path: string, body: object, contentType?: string): Promise<void> {
  const answer = await world.plane.request(method, path, body, contentType);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
}

async function run(make: (io: Io, env: Environment) => Command, kubeconfig: string, ...args: readonly string[]) {
  const io = recordedIo();
  const command = make(io, {}).exitOverride();
  const code = await command.parseAsync(['--kubeconfig', kubeconfig, ...args], { from: 'user' }).then(
    () => 0,
    (error: unknown) => (error instanceof Exit && error.name === 'Exit' ? error.exitCode : Promise.reject(error)),
  );
  return { code, out: io.out(), err: io.err() };
}

/** A Deployment of 3 in a namespace of its own, and a manifest of bob's that wants 5. */
async function shop(namespace: string): Promise<string> {
  await world.namespace(namespace);
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
  const spec = { replicas: 3, selector: { matchLabels: labels }, template };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
  await send('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, deployment);
  const file = join(tempFolder(), 'web-5.yaml');
  await writeFile(
    file,
    `apiVersion: patchgen.dev/v1alpha1
kind: PatchIntent
metadata: {name: web-5, namespace: ${namespace}}
spec: {intentType: scaling, target: web, replicas: 5, correlationId: c, requestedBy: bob}
`,
  );
  return file;
}

/** bob applies the manifest, and the operator waits for somebody to agree. */
async function awaiting(namespace: string, file: string): Promise<PatchIntent> {
  await world.plane.kubectl(['apply', '-f', file], { kubeconfig: bob });
  return world.until(`${namespace}/web-5`, 'awaits approval', ({ status }) =>
    (status?.conditions ?? []).some(({ type, reason }) => type === 'Ready' && reason === 'AwaitingApproval'),
  );
}

async function digestOf(...args: readonly string[]): Promise<string | undefined> {
  const { out } = await run(planCommand, world.plane.kubeconfig, '-o', 'json', ...args);
  return (JSON.parse(out) as { plans: { planDigest?: string }[] }).plans[0]?.planDigest;
}

test('a plan from a file has the digest that the operator gives the intent, and so has one from the cluster', async () => {
  const file = await shop('parity');
  const before = await digestOf(file);
  const { status } = await awaiting('parity', file);
  expect(status?.plan?.planDigest).toMatch(/^[0-9a-f]{64}$/);
  expect(before).toBe(status?.plan?.planDigest);
  expect(await digestOf(file)).toBe(before);
  expect(await digestOf('--intent', 'parity/web-5')).toBe(before);
});

test('the author is sent away, somebody else approves, and the change is published', async () => {
  const file = await shop('approved');
  await awaiting('approved', file);
  await expect(run(approveCommand, bob, 'approved/web-5', '--yes')).rejects.toThrow(/asked for this change yourself/);
  const { code, out, err } = await run(approveCommand, alice, 'approved/web-5', '--yes', '--wait');
  expect([code, err]).toEqual([0, expect.stringContaining('approved/web-5 is Ready')]);
  expect(out).toContain('replicas 3 → 5');
  expect((await run(statusCommand, alice, 'approved/web-5')).out).toContain('Published');
  await expect(run(approveCommand, alice, 'approved/web-5', '--yes')).rejects.toThrow(/nothing .* awaits approval/);
  const planned = await run(planCommand, world.plane.kubeconfig, file);
  expect([planned.code, planned.out]).toEqual([0, expect.stringContaining('is published already')]);
});

test('a rejection holds, and nobody approves past it', async () => {
  const file = await shop('rejected');
  await awaiting('rejected', file);
  const said = ['--yes', '--comment', 'not on a Friday', '--wait'];
  const { code, err } = await run(rejectCommand, alice, 'rejected/web-5', ...said);
  expect([code, err]).toEqual([0, 'rejected/web-5 is rejected\n']);
  await expect(run(approveCommand, alice, 'rejected/web-5', '--yes')).rejects.toThrow(/was rejected.*by alice/);
  expect((await run(statusCommand, alice, 'rejected/web-5')).out).toContain('rejected/web-5  Denied');
});

test('the name of somebody else is refused in the words of the server', async () => {
  const file = await shop('forged');
  const { metadata, status } = await awaiting('forged', file);
  const wanted = {
    namespace: 'forged',
    intent: 'web-5',
    intentUid: metadata.uid,
    planDigest: status?.plan?.planDigest ?? '',
    decision: 'Approve',
    approver: 'alice',
  } as const;
  const forged = withCluster({ kubeconfig: bob, context: undefined }, {}, ({ client }) =>
    createApproval(client, wanted),
  );
  await expect(forged).rejects.toThrow(
    /spec.approver is alice, but you are bob.*an admission policy stands against it/s,
  );
});

test('a live target that moved on voids the approval, and the command shows the new plan', async () => {
  const file = await shop('moved');
  const { status } = await awaiting('moved', file);
  const first = status?.plan?.planDigest ?? '';
  const path = '/apis/apps/v1/namespaces/moved/deployments/web';
  await send('PATCH', path, { spec: { replicas: 4 } }, 'application/merge-patch+json');
  const outdated = run(
    approveCommand,
    alice,
    'moved/web-5',
    '--yes',
    '--plan-digest',
    first,
    '--wait',
    '--timeout',
    '20s',
  );
  // Whichever of the two comes first, the person or the operator: nothing is published for a plan that nobody saw.
  const told = await outdated.then(
    ({ code, err }) => `${code} ${err}`,
    (error: unknown) => String(error),
  );
  expect(told).toMatch(/the plan of moved\/web-5 (has changed|is [0-9a-f]{64} now)/);
  await eventually('the operator has seen it', async () => {
    return (await world.get('moved/web-5'))?.status?.plan?.planDigest === (await digestOf(file));
  });
  await run(approveCommand, alice, 'moved/web-5', '--yes');
  await world.ready('moved/web-5');
});

test('nobody decides while the guard is broken; once it is mended, whoever has approved before may again, and that counts', async () => {
  const file = await shop('mended');
  await awaiting('mended', file);
  const told = (words: string) =>
    world.until('mended/web-5', `tells ${words}`, ({ status }) =>
      (status?.conditions ?? []).some(({ type, message }) => type === 'Approved' && message.includes(words)),
    );
  const approve = (...args: readonly string[]) => run(approveCommand, alice, 'mended/web-5', '--yes', ...args);
  await world.plane.request('DELETE', guardPath(GUARDS.approver.binding));
  await approve('--force');
  await told('alice (approved without a guard)');
  await expect(approve()).rejects.toThrow(/would not count now: .*is not installed/);
  await installGuards(world.plane);
  await eventually('decisions count', guardIsTrusted);
  await world.plane.kubectl(['annotate', 'pi/web-5', '-n', 'mended', 'patchgen.dev/requestedAt=1']);
  await told('alice (approved before the admission policies were in force');
  expect((await approve('--wait')).code).toBe(0);
});

test('doctor sees whether approvals are guarded', async () => {
  const check = async () => {
    const { out } = await run(doctorCommand, world.plane.kubeconfig, '--output-dir', tempFolder(), '-o', 'json');
    const { checks } = JSON.parse(out) as { checks: { name: string; state: string; detail: string; fix?: string }[] };
    return checks.find(({ name }) => name === 'guarded approvals');
  };
  expect(await check()).toMatchObject({ state: 'ok', detail: expect.stringContaining('approvals count since') });
  await world.plane.request('DELETE', guardPath(GUARDS.approver.binding));
  expect(await check()).toMatchObject({ state: 'failed', detail: expect.stringContaining('is not installed') });
  await installGuards(world.plane);
});
