import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Exit } from '../../../src/cli/io.ts';
import { planCommand } from '../../../src/cli/plan.ts';
import type { AttachedControlPlane } from '../../../tools/control-plane/attached.ts';
import { limitReplicas } from '../../support/admission-limit.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { recordedIo } from '../../support/io.ts';
import { grant, type PolicyRule } from '../../support/person.ts';
import { freshNamespace, sharedControlPlane } from '../../support/shared-control-plane.ts';
import { tempFolder } from '../../support/temp-folder.ts';

let plane: AttachedControlPlane;
beforeAll(async () => {
  plane = await sharedControlPlane();
});

const BASE = '/apis/patchgen.dev/v1alpha1';

interface PlanData {
  readonly allowed: boolean;
  readonly plans: readonly {
    readonly name: string;
    readonly judgement: string;
    readonly idle?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly change?: string;
    readonly action?: string;
    readonly diff?: string;
    readonly autoscaler?: string;
    readonly stored: string;
    readonly planDigest?: string;
    readonly warnings: readonly string[];
    readonly policy: { readonly decision: string; readonly considered: readonly { readonly message: string }[] };
    readonly unknown: readonly { readonly what: string; readonly why: string }[];
  }[];
  readonly invalid: readonly {
    readonly file: string;
    readonly name?: string;
    readonly findings: readonly { readonly code: string }[];
  }[];
  readonly errors: readonly { readonly file?: string; readonly name?: string; readonly message: string }[];
}

async function must(method: string, path: string, body: unknown, contentType?: string): Promise<void> {
  const answer = await plane.request(method, path, body, contentType);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
}

async function policy(namespace: string, spec: object): Promise<string> {
  const name = `plan-${namespace}-${Object.keys(spec).join('-').toLowerCase()}`.slice(0, 63);
  const head = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchPolicy', metadata: { name } };
  await must('POST', `${BASE}/patchpolicies`, {
    ...head,
    spec: { match: { namespaces: { names: [namespace] } }, ...spec },
  });
  onTestFinished(async () => {
    await plane.request('DELETE', `${BASE}/patchpolicies/${name}`);
  });
  return name;
}

async function deployment(namespace: string, replicas = 3, metadata: object = {}): Promise<void> {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
  const spec = { replicas, selector: { matchLabels: labels }, template };
  const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', ...metadata }, spec };
  await must('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, body);
}

async function autoscaler(namespace: string): Promise<void> {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  const spec = { scaleTargetRef, minReplicas: 1, maxReplicas: 9 };
  const head = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web-hpa' } };
  await must('POST', `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`, { ...head, spec });
}

async function intent(namespace: string, name: string, spec: object = {}): Promise<void> {
  const head = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchIntent', metadata: { name } };
  const whole = { intentType: 'scaling', target: 'web', replicas: 4, correlationId: 'c', ...spec };
  await must('POST', `${BASE}/namespaces/${namespace}/patchintents`, { ...head, spec: whole });
}

/** Kubeconfig of a user who may do in the namespace what the rules say. */
async function user(namespace: string, rules: readonly PolicyRule[]): Promise<string> {
  const name = `reader-of-${namespace}`;
  if (rules.length > 0) await grant(plane, namespace, name, name, rules);
  return plane.kubeconfigFor(name);
}

const manifest = (namespace: string, spec = '', name = 'web-5'): string => `
apiVersion: patchgen.dev/v1alpha1
kind: PatchIntent
metadata: {name: ${name}, namespace: ${namespace}}
spec: {intentType: scaling, target: web, replicas: 5, correlationId: c${spec}}
`;

async function run(input: string, args: readonly string[], kubeconfig = plane.kubeconfig) {
  const io = recordedIo(input);
  const command = planCommand(io, {}).exitOverride();
  const code = await command.parseAsync(['--kubeconfig', kubeconfig, ...args], { from: 'user' }).then(
    () => 0,
    (error: unknown) => (error instanceof Exit && error.name === 'Exit' ? error.exitCode : Promise.reject(error)),
  );
  return { code, out: io.out(), err: io.err() };
}

async function plansOf(input: string, args: readonly string[] = ['-'], kubeconfig?: string) {
  const { code, out } = await run(input, ['-o', 'json', ...args], kubeconfig);
  return { code, ...(JSON.parse(out) as PlanData) };
}

async function planOf(input: string, args: readonly string[] = [], kubeconfig?: string) {
  const { code, out } = await run(input, ['-', '-o', 'json', ...args], kubeconfig);
  const { plans } = JSON.parse(out) as PlanData;
  const [plan] = plans;
  if (plan === undefined) throw new Error('no plan');
  return { code, ...plan };
}

describe('plan on a real cluster', () => {
  test('shows change and diff against the live Deployment, and ends with 0', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    const file = join(tempFolder(), 'intent.yaml');
    await writeFile(file, manifest(namespace));
    const { code, out } = await run('', [file]);
    expect(code).toBe(0);
    for (const part of [': Allow: replicas 3 → 5', '-  replicas: 3', '+  replicas: 5']) expect(out).toContain(part);
    expect(out).toMatch(/^ {2}Plan +[0-9a-f]{64}$/m);
    expect(out).not.toContain('\u001b');
  });

  test('nothing would change where the number is there already', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace, 5);
    expect(await planOf(manifest(namespace))).toMatchObject({
      code: 0,
      action: 'NoChange',
      change: 'replicas 5 (no change)',
    });
  });

  test('a target that is not there is a warning, and a refusal in strict mode', async () => {
    const namespace = await freshNamespace(plane);
    expect(await planOf(manifest(namespace))).toMatchObject({
      code: 0,
      judgement: 'Warn',
      warnings: [expect.stringContaining('does not exist here')],
    });
    const strict = await planOf(manifest(namespace), ['--strict-mode=true']);
    expect(strict).toMatchObject({ code: 1, reason: 'TargetNotFound' });
  });

  test('a kind that can not scale, found only in the cluster, is refused', async () => {
    const namespace = await freshNamespace(plane);
    const spec = ', targetApiVersion: patchgen.dev/v1alpha1, targetKind: PatchIntent';
    expect(await planOf(manifest(namespace, spec))).toMatchObject({
      code: 1,
      judgement: 'Refuse',
      reason: 'UnsupportedTargetKind',
    });
  });

  test('policies are told rule by rule, and one that refuses ends it with 1', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    const name = await policy(namespace, { replicas: { max: 4, maxDelta: 5 } });
    const { code, out } = await run(manifest(namespace), ['-']);
    expect(code).toBe(1);
    expect(out).toContain(`Refuse: policy ${name}, replicas.max: replicas 5 against at most 4`);
    expect(out).toContain(`Allow: policy ${name}, replicas.maxDelta: replicas from 3 to 5`);
    expect(out).toMatch(/Why +PolicyDenied: /);
  });

  test('approval that is needed is no go yet, and says whose', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    await policy(namespace, { approval: { mode: 'Always', approvals: 2 } });
    const { code, out } = await run(manifest(namespace), ['-', '--approval-guard=false']);
    expect(code).toBe(1);
    expect(out).toContain(': Approval: replicas 3 → 5');
    expect(out).toContain('2 approvals, each valid for 24h, not of the author of the intent');
    expect(out).toContain('0 of 2 approvals');
  });

  test('approvals of this very plan count, whether it came from a file or from the cluster', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    await policy(namespace, { approval: { mode: 'Always' } });
    await intent(namespace, 'web-5', { replicas: 5, requestedBy: 'bob' });
    const asked = await run('', ['--intent', 'web-5', '-n', namespace, '-o', 'json', '--approval-guard=false']);
    const [plan] = (JSON.parse(asked.out) as PlanData).plans;
    expect(plan).toMatchObject({ judgement: 'Approval', stored: 'same' });
    const spec = { intent: 'web-5', planDigest: plan?.planDigest, decision: 'Approve', approver: 'admin' };
    const head = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchApproval', metadata: { name: 'yes' } };
    await must('POST', `${BASE}/namespaces/${namespace}/patchapprovals`, { ...head, spec });
    const given = await planOf(manifest(namespace, ', requestedBy: bob'), ['--approval-guard=false']);
    expect(given).toMatchObject({ code: 0, judgement: 'Allow', stored: 'same', planDigest: plan?.planDigest });
    // Another spec is another plan.
    const other = await planOf(manifest(namespace, ', requestedBy: bob').replace('replicas: 5', 'replicas: 6'), [
      '--approval-guard=false',
    ]);
    expect(other).toMatchObject({ code: 1, judgement: 'Approval', stored: 'changed' });
  });

  test('an autoscaler has the field, unless a policy lets the change through', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    await autoscaler(namespace);
    expect(await planOf(manifest(namespace))).toMatchObject({
      code: 1,
      judgement: 'Refuse',
      reason: 'ManagedByAutoscaler',
      autoscaler: 'HorizontalPodAutoscaler web-hpa',
    });
    await policy(namespace, { autoscaler: 'Warn' });
    expect(await planOf(manifest(namespace))).toMatchObject({ code: 0, judgement: 'Warn' });
  });

  test('an older intent keeps the field, and an equal value shares it', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    await intent(namespace, 'older');
    const { code, reason, message } = await planOf(manifest(namespace));
    expect([code, reason]).toEqual([1, 'ConflictingIntent']);
    expect(message).toContain(`${namespace}/older`);
    expect(await planOf(manifest(namespace).replace('replicas: 5', 'replicas: 4'))).toMatchObject({ code: 0 });
    // The intent itself is no rival of its next version.
    expect(await planOf(manifest(namespace, '', 'older'))).toMatchObject({ code: 0, stored: 'changed' });
  });

  test('into another namespace only where a policy reaches and that namespace consents', async () => {
    const [from, to] = [await freshNamespace(plane), await freshNamespace(plane)];
    await deployment(to);
    const reaching = manifest(from, `, namespace: ${to}`);
    expect(await planOf(reaching)).toMatchObject({ code: 1, judgement: 'Refuse', reason: 'TargetNotAllowed' });
    await policy(from, { targetNamespaces: { names: [to] } });
    const refused = await planOf(reaching);
    expect([refused.reason, refused.message]).toEqual([
      'TargetNotAllowed',
      expect.stringContaining('does not consent'),
    ]);
    const labels = { 'patchgen.dev/allow-intents-from': from };
    await must('PATCH', `/api/v1/namespaces/${to}`, { metadata: { labels } }, 'application/merge-patch+json');
    expect(await planOf(reaching)).toMatchObject({ code: 0, judgement: 'Allow', change: 'replicas 3 → 5' });
    expect(await planOf(reaching, ['--allowed-target-namespaces', 'elsewhere'])).toMatchObject({ code: 1 });
    // Intents of there are rivals then, and those of others are none of the ones there.
    await intent(to, 'older');
    expect(await planOf(reaching)).toMatchObject({ code: 1, reason: 'ConflictingIntent' });
  });

  test('who may see little is told what is not known, and never that it is fine', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    const kubeconfig = await user(namespace, [
      { apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], verbs: ['get'] },
    ]);
    const { code, judgement, change, planDigest, unknown } = await planOf(manifest(namespace), [], kubeconfig);
    expect({ code, judgement, change, planDigest }).toEqual({
      code: 1,
      judgement: 'Unknown',
      change: 'replicas 3 → 5',
      planDigest: undefined,
    });
    expect(unknown.map(({ what }) => what)).toEqual([
      'the policies',
      'whether an autoscaler sets the replicas',
      'whether another intent has the field',
      'whether the cluster has this intent already',
    ]);
    expect(unknown[0]?.why).toContain('cannot list resource "patchpolicies"');
  });

  test('who may not read the target is told which right is missing, in words for them', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    const kubeconfig = await user(namespace, []);
    const { code, action, unknown } = await planOf(manifest(namespace), [], kubeconfig);
    expect([code, action]).toEqual([1, 'Unknown']);
    expect(unknown[0]).toMatchObject({
      what: 'the live target',
      why: `you may not get deployments/scale of apps in namespace ${namespace}`,
    });
  });

  test('the dry run tells what admission would say, to who may patch', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    expect(await planOf(manifest(namespace), ['--plan-dry-run=true'])).toMatchObject({ code: 0, warnings: [] });
    const strict = ['--plan-dry-run=true', '--strict-mode=true'];
    expect(await planOf(manifest(namespace), strict)).toMatchObject({ code: 0, warnings: [] });
    await limitReplicas(plane, namespace, 'Warn');
    const most = manifest(namespace).replace('replicas: 5', 'replicas: 11');
    await expect
      .poll(() => planOf(most, strict), { timeout: 60_000, interval: 250 })
      .toMatchObject({
        code: 1,
        reason: 'DryRunRefused',
        message: expect.stringMatching(/^strict mode: the API server warns: .*no more than ten here$/),
      });
    expect(await planOf(most, ['--plan-dry-run=true'])).toMatchObject({ judgement: 'Warn' });
  });

  test.each(['false', 'true'])(
    'what admission would say is unknown to who may not patch, with --strict-mode=%s',
    async (strict) => {
      const namespace = await freshNamespace(plane);
      await deployment(namespace);
      const kubeconfig = await user(namespace, [
        { apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], verbs: ['get'] },
      ]);
      const flags = ['--plan-dry-run=true', `--strict-mode=${strict}`];
      const { unknown, ...plan } = await planOf(manifest(namespace), flags, kubeconfig);
      expect(plan).toMatchObject({ code: 1, judgement: 'Unknown', warnings: [] });
      expect(plan.reason).toBeUndefined();
      expect(unknown).toContainEqual({
        what: 'what the API server says to the patch',
        why: `you may not patch deployments of apps in namespace ${namespace}`,
        digest: false,
      });
    },
  );

  test('what is not valid ends with 2, and nothing is planned', async () => {
    const { code, out, err } = await run('{"intent_type": "scaling"}', ['-', '-n', 'shop']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('[required]');
  });

  test('beside what is not valid or not there the others are planned, and programs get the findings', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    const bad = manifest(namespace, '', 'bad').replace('replicas: 5', 'replicas: 500');
    const { code, allowed, plans, invalid, errors } = await plansOf(`${manifest(namespace)}---${bad}`, ['-', '/none']);
    expect([code, allowed, plans.map(({ judgement }) => judgement)]).toEqual([2, false, ['Allow']]);
    expect(invalid).toMatchObject([
      { file: 'stdin', line: 7, name: 'bad', valid: false, findings: [{ code: 'out-of-range' }] },
    ]);
    expect(errors).toEqual([{ file: '/none', message: 'no such file: /none' }]);
  });

  test('where the cluster gives no answer for one of three, that one says so, and the others are planned', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    const proxy = await startFaultProxy({ server: plane.server, ca: await readFile(plane.caFile, 'utf8') });
    onTestFinished(() => proxy.stop());
    proxy.add(({ path }) =>
      path.endsWith('/deployments/broken/scale')
        ? { kind: 'answer', status: 500, body: { kind: 'Status', message: 'etcd is on fire', reason: 'InternalError' } }
        : undefined,
    );
    const kubeconfig = join(tempFolder(), 'kubeconfig');
    const cluster = { name: 'c', cluster: { server: proxy.url } };
    const user = { name: 'u', user: { token: plane.token } };
    const context = { name: 'x', context: { cluster: 'c', user: 'u' } };
    const config = { clusters: [cluster], users: [user], contexts: [context], 'current-context': 'x' };
    await writeFile(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config }));
    const broken = manifest(namespace, '', 'second').replace('target: web', 'target: broken');
    const three = [manifest(namespace, '', 'first'), broken, manifest(namespace, '', 'third')].join('---');
    const { code, allowed, plans, errors } = await plansOf(three, ['-'], kubeconfig);
    expect([code, allowed]).toEqual([2, false]);
    expect(plans.map(({ name, judgement }) => [name, judgement])).toEqual([
      ['first', 'Allow'],
      ['third', 'Allow'],
    ]);
    expect(errors).toEqual([
      { file: 'stdin', line: 7, namespace, name: 'second', message: expect.stringContaining('etcd is on fire') },
    ]);
    const { out, err } = await run(three, ['-'], kubeconfig);
    expect(err).toMatch(/^error: stdin:7 \(second\): .*etcd is on fire/);
    expect(out).toMatch(/\(first\): Allow:.*\(third\): Allow:/s);
  });

  test('an intent that is not there or not valid in the cluster ends with 2, and wrong usage says what is wrong', async () => {
    const namespace = await freshNamespace(plane);
    const nope = await plansOf('', ['--intent', 'nope', '-n', namespace]);
    expect(nope).toMatchObject({ code: 2, allowed: false, plans: [], errors: [{ namespace, name: 'nope' }] });
    const said = await run('', ['--intent', 'nope', '-n', namespace]);
    expect([said.code, said.out]).toEqual([2, '']);
    expect(said.err).toContain(`there is no PatchIntent nope in namespace ${namespace}`);
    expect((await run('', ['/none'])).code).toBe(2);
    await expect(run('', ['--intent', 'web', 'x.yaml'])).rejects.toThrow(/not both/);
    await expect(run('', [])).rejects.toThrow(/say what to plan: files/);
  });

  test('what the operator would not act on is never said to go ahead', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    for (const [field, words] of [
      ['suspend', 'is suspended'],
      ['dryRun', 'is a dry run'],
    ] as const) {
      const { code, judgement, idle, change } = await planOf(manifest(namespace, `, ${field}: true`));
      expect([code, judgement, change]).toEqual([1, 'Idle', 'replicas 3 → 5']);
      expect(idle).toContain(words);
    }
    await intent(namespace, 'held');
    const finalizers = { metadata: { finalizers: ['example.com/held'] } };
    const path = `${BASE}/namespaces/${namespace}/patchintents/held`;
    await must('PATCH', path, finalizers, 'application/merge-patch+json');
    onTestFinished(() => must('PATCH', path, { metadata: { finalizers: null } }, 'application/merge-patch+json'));
    await must('DELETE', path, undefined);
    const { code, out } = await run('', ['--intent', 'held', '-n', namespace]);
    expect(code).toBe(1);
    expect(out).toMatch(/: Idle: .*\n(.*\n)* {2}Idle +the intent is being deleted/);
  });

  test('of two documents of one call that want other values of one field the first keeps it', async () => {
    const namespace = await freshNamespace(plane);
    await deployment(namespace);
    const six = (name: string) => manifest(namespace, '', name).replace('replicas: 5', 'replicas: 6');
    const { code, plans } = await plansOf(
      [manifest(namespace, '', 'b'), six('a'), manifest(namespace, '', 'c')].join('---'),
    );
    expect(code).toBe(1);
    expect(plans.map(({ name, judgement, reason }) => [name, judgement, reason])).toEqual([
      ['b', 'Allow', undefined],
      ['a', 'Refuse', 'ConflictingIntent'],
      ['c', 'Allow', undefined],
    ]);
    expect(plans[1]?.message).toContain(`${namespace}/b`);
    // What wants nothing takes nothing from others.
    const idle = await plansOf([manifest(namespace, ', suspend: true', 'b'), six('a')].join('---'));
    expect(idle.plans.map(({ judgement }) => judgement)).toEqual(['Idle', 'Allow']);
    const replaced = [manifest(namespace, '', 'b'), manifest(namespace, ', suspend: true', 'b'), six('a')];
    expect((await plansOf(replaced.join('---'))).plans.map(({ judgement }) => judgement)).toEqual([
      'Allow',
      'Idle',
      'Allow',
    ]);
    // Wire documents have no name, and are called by their place.
    const wire = (replicas: number) =>
      JSON.stringify({ intent_type: 'scaling', target: 'web', namespace, replicas, correlation_id: 'c' });
    const nameless = await plansOf(`---\n${wire(5)}\n---\n${wire(6)}\n`);
    expect(nameless.plans.map(({ judgement }) => judgement)).toEqual(['Allow', 'Refuse']);
    expect(nameless.plans[1]?.message).toMatch(/stdin:\d+ /);
    // What the cluster has is older, wherever it stands, and by what it would be replaced with.
    await intent(namespace, 'a', { replicas: 7 });
    const stored = await plansOf([manifest(namespace, '', 'b'), six('a')].join('---'));
    expect(stored.plans.map(({ name, judgement }) => [name, judgement])).toEqual([
      ['b', 'Refuse'],
      ['a', 'Allow'],
    ]);
    expect(stored.plans[0]?.message).toContain(`${namespace}/a is older and wants 6`);
  });

  test('without a cluster the error says what is missing', async () => {
    const folder = tempFolder();
    await expect(run(manifest('shop'), ['-'], `${folder}/none`)).rejects.toThrow(/none/);
  });
});
