import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { approveCommand, rejectCommand } from '../../../src/cli/approve.ts';
import { Exit } from '../../../src/cli/io.ts';
import { notBy, uncountable, untrusted } from '../../../src/reconcile/permit/approval-words.ts';
import type { AttachedControlPlane } from '../../../tools/control-plane/attached.ts';
import { grantInClusterForTest } from '../../support/cluster-grant.ts';
import { type RecordedIo, recordedIo } from '../../support/io.ts';
import { grant, type PolicyRule } from '../../support/person.ts';
import { freshNamespace, sharedControlPlane } from '../../support/shared-control-plane.ts';

let plane: AttachedControlPlane;
beforeAll(async () => {
  plane = await sharedControlPlane();
});

const BASE = '/apis/patchgen.dev/v1alpha1';
const PLAN = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

interface Scene {
  readonly namespace: string;
  readonly policy: string;
  /** A user who may read intents and policies, and decide. */
  readonly alice: string;
  decisions(): Promise<readonly StoredDecision[]>;
  status(status: object): Promise<void>;
}

interface StoredDecision {
  readonly metadata: { readonly name: string; readonly ownerReferences: readonly { readonly uid: string }[] };
  readonly spec: Readonly<Record<string, unknown>>;
}

const READER = { apiGroups: ['patchgen.dev'], resources: ['patchintents', 'patchpolicies'], verbs: ['get', 'list'] };
const DECIDER = { apiGroups: ['patchgen.dev'], resources: ['patchapprovals'], verbs: ['create', 'list'] };

interface ClusterObject extends Readonly<Record<string, unknown>> {
  readonly metadata: { readonly name: string };
}

/** Creates what does not go with a namespace, and takes it away when the test ends. */
async function createForTest(path: string, body: ClusterObject): Promise<void> {
  await must('POST', path, body);
  onTestFinished(async () => {
    await plane.request('DELETE', `${path}/${body.metadata.name}`);
  });
}

async function must(method: string, path: string, body: unknown, contentType?: string) {
  const answer = await plane.request(method, path, body, contentType);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body as { readonly metadata: { readonly uid: string } };
}

/** A user who may do in the namespace what the rules say. */
async function user(namespace: string, name: string, rules: readonly PolicyRule[]): Promise<string> {
  await grant(plane, namespace, name, name, rules);
  return plane.kubeconfigFor(name);
}

/** May read the one policy, which is in no namespace. */
function readerOf(policy: string, name: string): Promise<void> {
  const rule = { apiGroups: ['patchgen.dev'], resources: ['patchpolicies'], resourceNames: [policy], verbs: ['get'] };
  return grantInClusterForTest(plane, `${policy}-for-${name}`, name, [rule]);
}

/** An intent of bob's that awaits approval by a policy, as the operator leaves it. */
async function scene(reason = 'AwaitingApproval'): Promise<Scene> {
  const namespace = await freshNamespace(plane);
  const policy = `asks-${namespace}`;
  const intents = `${BASE}/namespaces/${namespace}/patchintents`;
  const spec = {
    intentType: 'scaling',
    target: 'web',
    replicas: 5,
    requestedBy: `bob-${namespace}`,
    reason: 'more load',
  };
  await must('POST', intents, {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchIntent',
    metadata: { name: 'web-5' },
    spec,
  });
  const head = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchPolicy', metadata: { name: policy } };
  const match = { namespaces: { names: [namespace] } };
  await createForTest(`${BASE}/patchpolicies`, { ...head, spec: { match, approval: { mode: 'Always' } } });
  const status = async (value: object): Promise<void> => {
    await must('PATCH', `${intents}/web-5/status`, { status: value }, 'application/merge-patch+json');
  };
  await status(awaiting(policy, reason));
  const alice = await user(namespace, `alice-${namespace}`, [READER, DECIDER]);
  await readerOf(policy, `alice-${namespace}`);
  return {
    namespace,
    policy,
    alice,
    status,
    async decisions() {
      const { body } = await plane.request('GET', `${BASE}/namespaces/${namespace}/patchapprovals`);
      return (body as { items: StoredDecision[] }).items;
    },
  };
}

const condition = (type: string, status: string, reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-01-01T00:00:00Z',
  observedGeneration: 1,
});

function awaiting(policy: string, reason = 'AwaitingApproval') {
  const words = `0 of 1 approvals of this plan`;
  return {
    observedGeneration: 1,
    change: 'replicas 3 → 5',
    plan: {
      changeDigest: 'c'.repeat(64),
      planDigest: PLAN,
      action: 'Change',
      fields: [{ path: '.spec.replicas', from: '3', to: '5' }],
      diff: '--- live\n+++ planned\n@@ -1 +1 @@\n-  replicas: 3\n+  replicas: 5\n',
      warnings: ['Helm Release web owns the target'],
    },
    policy: {
      decision: 'Approval',
      considered: [
        {
          policy,
          result: 'Approval',
          rule: 'approval',
          message: `policy ${policy}, approval: 1 approval is needed for every change`,
        },
      ],
    },
    conditions: [condition('Ready', 'False', 'AwaitingApproval', words), condition('Approved', 'False', reason, words)],
  };
}

async function decide(make: typeof approveCommand, io: RecordedIo, kubeconfig: string, ...args: readonly string[]) {
  const command = make(io, {}).exitOverride();
  const code = await command.parseAsync(['--kubeconfig', kubeconfig, ...args], { from: 'user' }).then(
    () => 0,
    (error: unknown) => (error instanceof Exit && error.name === 'Exit' ? error.exitCode : Promise.reject(error)),
  );
  return { code, out: io.out(), err: io.err() };
}

const approve = (kubeconfig: string, ...args: readonly string[]) =>
  decide(approveCommand, recordedIo(), kubeconfig, '--yes', ...args);

describe('approve on a real cluster', () => {
  test('shows plan, diff and why, asks, and creates the object under the own name, owned by the intent', async () => {
    const { namespace, policy, alice, decisions } = await scene();
    const { code, out, err } = await decide(approveCommand, recordedIo('y\n', true), alice, `${namespace}/web-5`);
    expect([code, err]).toEqual([0, `\nApprove this plan of ${namespace}/web-5 as alice-${namespace}? [y/N] `]);
    const shown = [
      'replicas 3 → 5',
      '+  replicas: 5',
      'Helm Release web owns the target',
      `bob-${namespace}`,
      `policy ${policy}, approval: 1 approval is needed for every change`,
      '1 within 24h, not of its author',
      'nobody so far',
      PLAN,
    ];
    for (const part of shown) expect(out).toContain(part);
    const [stored] = await decisions();
    expect(stored?.spec).toEqual({
      intent: 'web-5',
      planDigest: PLAN,
      decision: 'Approve',
      approver: `alice-${namespace}`,
    });
    const { body } = await plane.request('GET', `${BASE}/namespaces/${namespace}/patchintents/web-5`);
    const { uid } = (body as { metadata: { uid: string } }).metadata;
    expect(stored?.metadata.ownerReferences).toEqual([
      { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchIntent', name: 'web-5', uid },
    ]);
    expect(stored?.metadata.name).toMatch(/^web-5-/);
  });

  test.each(['n\n', '\n', '', 'no, yes\n'])('the answer %j creates nothing', async (answer) => {
    const { namespace, alice, decisions } = await scene();
    const { code, err } = await decide(approveCommand, recordedIo(answer, true), alice, `${namespace}/web-5`);
    expect(code).toBe(1);
    expect(err).toContain('Nothing was decided.');
    expect(await decisions()).toEqual([]);
  });

  test('a plan that has moved on is not the one that was looked at', async () => {
    const { namespace, alice, decisions } = await scene();
    await expect(approve(alice, `${namespace}/web-5`, '--plan-digest', OTHER)).rejects.toThrow(/is a{64} now/);
    expect(await decisions()).toEqual([]);
    expect((await approve(alice, `${namespace}/web-5`, '--plan-digest', PLAN, '-o', 'name')).out).toMatch(
      /^patchapproval\.patchgen\.dev\/web-5-\w+\n$/,
    );
  });

  test('who asked for the change is told to have somebody else approve it', async () => {
    const { namespace, policy, decisions, status } = await scene();
    const bob = await user(namespace, `bob-${namespace}`, [READER, DECIDER]);
    // Not knowing the policy is no leave: the page says what it does not know.
    const blind = await decide(approveCommand, recordedIo('n\n', true), bob, `${namespace}/web-5`);
    expect(blind.out).toContain(`what policy ${policy} wants of approvals: it could not be read`);
    // What the operator has told of it is enough.
    const words = `0 of 1 approvals; ${notBy(`bob-${namespace}`)}; to decide: patchgen approve web-5`;
    await status({ conditions: [condition('Approved', 'False', 'AwaitingApproval', words)] });
    await expect(approve(bob, `${namespace}/web-5`)).rejects.toThrow(/yourself.*somebody else must.*--force/);
    await readerOf(policy, `bob-${namespace}`);
    await expect(approve(bob, `${namespace}/web-5`)).rejects.toThrow(
      /asked for this change yourself.*somebody else must/,
    );
    expect(await decisions()).toEqual([]);
  });

  test('the same person is told that they count once', async () => {
    const { namespace, alice, decisions, status } = await scene();
    await approve(alice, `${namespace}/web-5`, '--comment', 'fine');
    await expect(approve(alice, `${namespace}/web-5`)).rejects.toThrow(/approved this plan already \(web-5-\w+\)/);
    expect((await approve(alice, `${namespace}/web-5`, '--force')).out).toMatch(
      /alice-\S+ approved this plan \d+s ago: fine/,
    );
    expect(await decisions()).toHaveLength(2);
    // Once the guard was away, what they have said before does not count any more.
    const old = `0 of 1 approvals; not counted: alice-${namespace} (${untrusted('approved')}); to decide: patchgen approve web-5`;
    await status({ conditions: [condition('Approved', 'False', 'ApprovalUnguarded', old)] });
    expect((await approve(alice, `${namespace}/web-5`)).code).toBe(0);
  });

  test.each(['jürgen', '李雷'])('decides under the name of an impersonated user called %s', async (name) => {
    const { namespace, decisions } = await scene();
    await grant(plane, namespace, 'impersonated', name, [READER, DECIDER]);
    const config = load(await readFile(plane.kubeconfig, 'utf8')) as { readonly users: { user: object }[] };
    const users = config.users.map((one) => ({ ...one, user: { ...one.user, as: name } }));
    const path = join(plane.dir, `as-${namespace}.kubeconfig`);
    await writeFile(path, dump({ ...config, users }));
    const { out } = await approve(path, `${namespace}/web-5`, '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ spec: { approver: name } });
    expect(JSON.parse(out).metadata).not.toHaveProperty('managedFields');
    expect((await decisions())[0]?.spec).toMatchObject({ approver: name });
  });

  test('a user without the right is told which, and sees nothing as fine that could not be read', async () => {
    const { namespace } = await scene();
    const carol = await user(namespace, `carol-${namespace}`, [READER]);
    const asked = decide(approveCommand, recordedIo('y\n', true), carol, `${namespace}/web-5`);
    await expect(asked).rejects.toThrow(
      new RegExp(
        `cannot create resource "patchapprovals".*have somebody bind you to the role patchgen-approver .* in namespace ${namespace}`,
      ),
    );
    const { out } = await decide(approveCommand, recordedIo('n\n', true), carol, `${namespace}/web-5`);
    expect(out).toMatch(/Unknown +who has decided so far: .*cannot list resource "patchapprovals"/);
  });

  test.each([
    ['the spec changed', { observedGeneration: 0 }, /no plan for what .*web-5 says now/],
    [
      'it is published',
      {
        conditions: [
          condition('Ready', 'True', 'PackageWritten', 'on disk'),
          condition('Approved', 'True', 'Approved', 'by 1'),
        ],
      },
      /nothing of .*web-5 awaits approval: it is Published/,
    ],
    [
      'it was rejected',
      {
        conditions: [
          condition('Ready', 'False', 'ApprovalRejected', 'by eve: no'),
          condition('Approved', 'False', 'ApprovalRejected', 'by eve: no'),
        ],
      },
      /was rejected, and that holds until its spec changes: by eve: no/,
    ],
    [
      'approvals do not count',
      {
        conditions: [
          condition('Ready', 'False', 'AwaitingApproval', 'm'),
          condition('Approved', 'False', 'ApprovalUnguarded', uncountable('no guard')),
        ],
      },
      /would not count now: .*no guard/,
    ],
  ])('refuses while %s', async (_, status, words) => {
    const { namespace, alice, decisions, status: write } = await scene();
    await write(status);
    await expect(approve(alice, `${namespace}/web-5`)).rejects.toThrow(words);
    expect(await decisions()).toEqual([]);
  });

  test('waits until the intent is Ready', async () => {
    const { namespace, alice, decisions, status } = await scene();
    const waiting = approve(alice, `${namespace}/web-5`, '--wait', '-o', 'json');
    await expect.poll(decisions).toHaveLength(1);
    await status({ conditions: [condition('Ready', 'True', 'PackageWritten', 'package is on disk')] });
    const { code, out, err } = await waiting;
    expect([code, err]).toEqual([0, `${namespace}/web-5 is Ready: package is on disk\n`]);
    expect(JSON.parse(out)).toMatchObject({ kind: 'PatchApproval', spec: { decision: 'Approve' } });
  });

  test('says why waiting came to nothing', async () => {
    const { namespace, alice } = await scene();
    const { code, err } = await approve(alice, `${namespace}/web-5`, '--wait', '--timeout', '1s');
    expect(code).toBe(1);
    expect(err).toBe(`${namespace}/web-5 is not Ready in time: AwaitingApproval: 0 of 1 approvals of this plan\n`);
  });
});

describe('reject on a real cluster', () => {
  test('asks why, and creates the object', async () => {
    const { namespace, alice, decisions } = await scene();
    const { code } = await decide(rejectCommand, recordedIo('not on a Friday\ny\n', true), alice, `${namespace}/web-5`);
    expect(code).toBe(0);
    expect((await decisions())[0]?.spec).toMatchObject({ decision: 'Reject', comment: 'not on a Friday' });
  });

  test('who asked for the change may reject it', async () => {
    const { namespace, policy, decisions } = await scene();
    const bob = await user(namespace, `bob-${namespace}`, [READER, DECIDER]);
    await readerOf(policy, `bob-${namespace}`);
    await decide(rejectCommand, recordedIo(), bob, `${namespace}/web-5`, '--yes', '--comment', 'a mistake');
    expect(await decisions()).toHaveLength(1);
  });
});
