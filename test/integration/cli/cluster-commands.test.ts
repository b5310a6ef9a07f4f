import { beforeAll, describe, expect, test } from 'vitest';
import { doctorCommand } from '../../../src/cli/doctor.ts';
import { Exit } from '../../../src/cli/io.ts';
import { statusCommand } from '../../../src/cli/status.ts';
import type { AttachedControlPlane } from '../../../tools/control-plane/attached.ts';
import { grantInClusterForTest } from '../../support/cluster-grant.ts';
import { recordedIo } from '../../support/io.ts';
import { grant, type PolicyRule } from '../../support/person.ts';
import { freshNamespace, sharedControlPlane } from '../../support/shared-control-plane.ts';
import { tempFolder } from '../../support/temp-folder.ts';

let plane: AttachedControlPlane;
beforeAll(async () => {
  plane = await sharedControlPlane();
});

interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
  readonly fix?: string;
}

async function doctor(kubeconfig: string, ...args: readonly string[]) {
  const io = recordedIo();
  const command = doctorCommand(io, {}).exitOverride();
  // Guards belong to the whole cluster, so they are looked for in a cluster of their own: guards.test.ts.
  const own = ['--output-dir', tempFolder(), '-o', 'json', '--approval-guard=false'];
  const line = ['--kubeconfig', kubeconfig, ...own, ...args];
  const code = await command.parseAsync([...line], { from: 'user' }).then(
    () => 0,
    (error: unknown) => (error instanceof Exit ? error.exitCode : Promise.reject(error)),
  );
  const { checks } = JSON.parse(io.out()) as { checks: readonly Finding[] };
  return { code, checks, failed: checks.filter(({ state }) => state === 'failed') };
}

const RULES = [
  { apiGroups: ['patchgen.dev'], resources: ['patchintents'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['patchgen.dev'], resources: ['patchintents/status'], verbs: ['update'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
  { apiGroups: ['patchgen.dev'], resources: ['patchapprovals'], verbs: ['list', 'watch'] },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ['list', 'watch'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
  { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['get'] },
];
const CLUSTER_RULES = [
  { apiGroups: ['patchgen.dev'], resources: ['patchpolicies'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['patchgen.dev'], resources: ['patchpolicies/status'], verbs: ['update'] },
  { apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] },
];

type Rules = readonly PolicyRule[];

const granting = (rules: Rules): Rules => rules.filter(({ verbs }) => verbs.length > 0);

/** A user who may do what the rules say in one namespace, and in the cluster what the others say. */
async function userWith(namespace: string, rules: Rules, ofCluster: Rules = CLUSTER_RULES): Promise<string> {
  const user = `operator-of-${namespace}`;
  await grant(plane, namespace, user, user, granting(rules));
  if (ofCluster.length > 0) await grantInClusterForTest(plane, user, user, ofCluster);
  return plane.kubeconfigFor(user);
}

const scope = (namespace: string) => ['--watch-namespaces', namespace, '--leader-election-namespace', namespace];

describe('doctor on a real cluster', () => {
  test('all is well for the administrator', async () => {
    const { code, failed, checks } = await doctor(plane.kubeconfig);
    expect(failed).toEqual([]);
    expect(code).toBe(0);
    const seen = new Set(checks.filter(({ state }) => state === 'ok').map(({ name }) => name));
    for (const name of ['API server', 'definition', 'schema version', 'watch', 'lease']) expect(seen).toContain(name);
  });

  test('the rights of the operator are enough, and nothing is left behind', async () => {
    const namespace = await freshNamespace(plane);
    const { code, failed } = await doctor(await userWith(namespace, RULES), ...scope(namespace));
    expect(failed).toEqual([]);
    expect(code).toBe(0);
    const { body } = await plane.request('GET', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`);
    expect((body as { items: unknown[] }).items).toEqual([]);
  });

  test.each([
    [0, 'patchgen.dev', 'patchintents', 'get'],
    [0, 'patchgen.dev', 'patchintents', 'watch'],
    [1, 'patchgen.dev', 'patchintents/status', 'update'],
    [2, 'events.k8s.io', 'events', 'patch'],
    [3, 'coordination.k8s.io', 'leases', 'update'],
    [4, 'patchgen.dev', 'patchapprovals', 'watch'],
    [5, 'autoscaling', 'horizontalpodautoscalers', 'list'],
  ] as const)(
    'a missing right is found, with the rule to add: rule %d, %s %s %s',
    async (index, group, resource, verb) => {
      const namespace = await freshNamespace(plane);
      const rules = RULES.map((rule, i) =>
        i === index ? { ...rule, verbs: rule.verbs.filter((it) => it !== verb) } : rule,
      );
      const { code, failed } = await doctor(await userWith(namespace, rules), ...scope(namespace));
      expect(code).toBe(1);
      const found = failed.filter(({ name }) => name.startsWith(`${verb} ${resource}.${group}`));
      expect(found.length).toBeGreaterThan(0);
      expect(found[0]).toMatchObject({
        detail: `not allowed in namespace ${namespace}`,
        fix: expect.stringContaining(`apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"]`),
      });
      // Only a round trip that needs the right may fail beside it.
      expect(failed.filter(({ name }) => name.includes('.') && !found.some((it) => it.name === name))).toEqual([]);
    },
  );

  test('a missing right on policies is found', async () => {
    const namespace = await freshNamespace(plane);
    const [policies, , namespaces] = CLUSTER_RULES;
    const ofCluster = [policies, namespaces].filter((rule) => rule !== undefined);
    const { failed } = await doctor(await userWith(namespace, RULES, ofCluster), ...scope(namespace));
    expect(failed).toMatchObject([
      {
        name: 'update patchpolicies/status.patchgen.dev',
        detail: 'not allowed in all namespaces',
        fix: expect.stringContaining('resources: ["patchpolicies/status"]'),
      },
    ]);
  });

  test('policies that are switched off need no rights and no kinds', async () => {
    const namespace = await freshNamespace(plane);
    const few = RULES.filter(({ resources }) => !resources.includes('patchapprovals'));
    const { failed } = await doctor(await userWith(namespace, few, []), ...scope(namespace), '--policies=false');
    expect(failed).toEqual([]);
  });

  test('which kinds of targets are planned live is told', async () => {
    const namespace = await freshNamespace(plane);
    const named = async (rules: Rules) => {
      const { checks } = await doctor(await userWith(namespace, rules), ...scope(namespace));
      return checks.find(({ name }) => name === 'live targets');
    };
    expect(await named(RULES)).toMatchObject({
      state: 'ok',
      detail: `Deployment in namespace ${namespace}; not StatefulSet, ReplicaSet, whose plans are made from the intent alone`,
    });
  });

  test.each([
    ['half a right', ['deployments'], /plans of a Deployment .* lack a right: get deployments.apps/],
    ['none at all', ['deployments', 'deployments/scale'], /no kind of target may be read/],
  ])('%s on targets is a finding', async (_, without, detail) => {
    const namespace = await freshNamespace(plane);
    const rules = RULES.filter(({ resources }) => !resources.some((it) => without.includes(it)));
    const { failed } = await doctor(await userWith(namespace, rules), ...scope(namespace));
    expect(failed).toMatchObject([{ name: 'live targets', detail: expect.stringMatching(detail) }]);
  });

  test('of a dry run the right to patch is missing, and the chart value for that is named', async () => {
    const namespace = await freshNamespace(plane);
    const { failed } = await doctor(await userWith(namespace, RULES), ...scope(namespace), '--plan-dry-run=true');
    expect(failed).toMatchObject([
      {
        name: 'live targets',
        detail: expect.stringMatching(/lack a right: patch deployments.apps$/),
        fix: expect.stringMatching(/by the value planDryRun: true$/),
      },
    ]);
  });

  test('a server that is not there is one finding, and what needs it is skipped', async () => {
    const folder = tempFolder();
    const { writeFile, readFile } = await import('node:fs/promises');
    const text = await readFile(plane.kubeconfig, 'utf8');
    await writeFile(`${folder}/kubeconfig`, text.replaceAll(plane.server, 'https://127.0.0.1:1'));
    const { code, failed } = await doctor(`${folder}/kubeconfig`);
    expect(code).toBe(1);
    expect(failed.map(({ name }) => name)).toEqual(['API server']);
  });
});

async function status(...args: readonly string[]): Promise<string> {
  const io = recordedIo();
  const command = statusCommand(io, {}).exitOverride();
  await command.parseAsync(['--kubeconfig', plane.kubeconfig, ...args], { from: 'user' });
  return io.out();
}

async function createIntent(namespace: string, name: string): Promise<string> {
  const path = `/apis/patchgen.dev/v1alpha1/namespaces/${namespace}/patchintents`;
  const spec = { intentType: 'scaling', target: 'web', replicas: 5 };
  const body = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchIntent', metadata: { name }, spec };
  const answer = await plane.request('POST', path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return `${path}/${name}`;
}

async function setReady(path: string, ready: { status: string; reason: string; message: string }): Promise<void> {
  const condition = { type: 'Ready', lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1, ...ready };
  const patch = { status: { observedGeneration: 1, change: 'replicas → 5', conditions: [condition] } };
  const answer = await plane.request('PATCH', `${path}/status`, patch, 'application/merge-patch+json');
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
}

describe('status on a real cluster', () => {
  test('one intent is shown with its path, why and what next', async () => {
    const namespace = await freshNamespace(plane);
    const path = await createIntent(namespace, 'web-5');
    expect(await status(`${namespace}/web-5`)).toContain('web-5  New');
    await setReady(path, { status: 'False', reason: 'StorageFull', message: 'insufficient disk space: 1 byte' });
    const text = await status('web-5', '-n', namespace);
    for (const part of ['Retrying', '✗ publish', 'StorageFull: insufficient disk space: 1 byte', 'Free or add space']) {
      expect(text).toContain(part);
    }
  });

  test('many are a table of the namespace, or of all; JSON carries the same', async () => {
    const namespace = await freshNamespace(plane);
    await setReady(await createIntent(namespace, 'a'), { status: 'True', reason: 'PackageWritten', message: 'm' });
    await createIntent(namespace, 'b');
    const lines = (await status('-n', namespace)).trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {3,}/).slice(0, 2))).toEqual([
      ['NAME', 'STAGE'],
      ['a', 'Published'],
      ['b', 'New'],
    ]);
    expect(await status('-A')).toContain(namespace);
    const { intents } = JSON.parse(await status('-n', namespace, '-o', 'json')) as {
      intents: { name: string; stage: string }[];
    };
    expect(intents).toMatchObject([
      { name: 'a', stage: 'Published' },
      { name: 'b', stage: 'New' },
    ]);
  });

  test('an empty namespace says so, and a missing intent is an error that names it', async () => {
    const namespace = await freshNamespace(plane);
    expect(await status('-n', namespace)).toBe('No intents.\n');
    await expect(status(`${namespace}/nope`)).rejects.toThrow(`there is no PatchIntent nope in namespace ${namespace}`);
  });

  test('removals that the operator holds are told, those of another Lease are not', async () => {
    const namespace = await freshNamespace(plane);
    const event = (lease: string, note: string) => ({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { generateName: 'held-', namespace },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      reportingController: 'patchgen.dev/operator',
      reportingInstance: 'test',
      action: 'Collect',
      reason: 'RemovalHeld',
      type: 'Warning',
      note,
      regarding: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: lease },
    });
    for (const it of [event('patchgen', '3 packages are kept'), event('other', '9 packages are kept')]) {
      expect((await plane.request('POST', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`, it)).status).toBe(
        201,
      );
    }
    const text = await status('-n', namespace, '--leader-election-namespace', namespace);
    expect(text).toContain('Held removals');
    expect(text).toContain('3 packages are kept');
    expect(text).not.toContain('9 packages');
  });
});
