import { randomUUID } from 'node:crypto';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { AttachedControlPlane } from '../../../tools/control-plane/attached.ts';
import { limitReplicas } from '../../support/admission-limit.ts';
import { freshKind } from '../../support/custom-kind.ts';
import { type LiveTargets, liveTargets, workload } from '../../support/live-targets.ts';
import { freshNamespace, sharedControlPlane } from '../../support/shared-control-plane.ts';

let plane: AttachedControlPlane;
beforeAll(async () => {
  plane = await sharedControlPlane();
});

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };

/** Asks for a dry run of the patch that scales `web` to so many. */
function asker({ targets }: LiveTargets, namespace: string, { apiVersion, kind } = DEPLOYMENT) {
  return (replicas: number) => {
    const patch = { apiVersion, kind, metadata: { name: 'web', namespace }, spec: { replicas } };
    return targets.dryRun(patch, { apiVersion, kind, namespace, name: 'web' }, AbortSignal.timeout(30_000));
  };
}

async function namespaceWith(kind: string, apiVersion = 'apps/v1'): Promise<string> {
  const namespace = await freshNamespace(plane, 'dryrun');
  await plane.kubectl(['create', '-f', '-'], { input: workload(kind, namespace, {}, apiVersion) });
  return namespace;
}

async function replicasOf(resource: string, namespace: string): Promise<string> {
  return (await plane.kubectl(['get', resource, 'web', '-n', namespace, '-o', 'jsonpath={.spec.replicas}'])).stdout;
}

/** Until the server has taken an admission policy to heart. */
const soon = { timeout: 60_000, interval: 250 };

test('a patch that the server would take changes nothing, and there is nothing to tell', async () => {
  const namespace = await namespaceWith('Deployment');
  const ask = asker(await liveTargets(plane.kubeconfig), namespace);
  expect(await ask(50)).toEqual([]);
  expect(await replicasOf('deployment', namespace)).toBe('3');
});

test('so for a custom kind, which takes no strategic merge patch', async () => {
  const kind = await freshKind(plane);
  const namespace = await namespaceWith(kind.kind, kind.apiVersion);
  const ask = asker(await liveTargets(plane.kubeconfig), namespace, kind);
  expect(await ask(50)).toEqual([]);
  expect(await replicasOf(kind.definition, namespace)).toBe('3');
});

test('an admission policy that denies holds the change, in its own words', async () => {
  const namespace = await namespaceWith('Deployment');
  const ask = asker(await liveTargets(plane.kubeconfig), namespace);
  const name = await limitReplicas(plane, namespace, 'Deny');
  await expect
    .poll(() => ask(11).catch((thrown: unknown) => thrown), soon)
    .toMatchObject({
      class: 'Waiting',
      reason: 'DryRunRefused',
      message: expect.stringMatching(
        new RegExp(`^the API server would refuse the patch: .*'${name}'.* denied request: no more than ten here$`),
      ),
    });
  expect(await ask(10)).toEqual([]);
});

test('an admission policy that warns is a warning', async () => {
  const namespace = await namespaceWith('Deployment');
  const ask = asker(await liveTargets(plane.kubeconfig), namespace);
  await limitReplicas(plane, namespace, 'Warn');
  await expect
    .poll(() => ask(11), soon)
    .toEqual([expect.stringMatching(/^the API server warns: .*no more than ten here$/)]);
});

test('a webhook that must be asked and can not be holds the change, since the real patch would not get through either', async () => {
  const namespace = await namespaceWith('Deployment');
  const ask = asker(await liveTargets(plane.kubeconfig), namespace);
  const name = `down-${randomUUID().slice(0, 8)}.example.dev`;
  const webhook = {
    name,
    // Nobody listens there.
    clientConfig: { url: 'https://127.0.0.1:1/' },
    rules: [{ apiGroups: ['apps'], apiVersions: ['*'], operations: ['UPDATE'], resources: ['deployments'] }],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    failurePolicy: 'Fail',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  };
  for (const kind of ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration']) {
    const object = { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name }, webhooks: [webhook] };
    await plane.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
    const remove = () => plane.kubectl(['delete', kind, name, '--ignore-not-found']);
    onTestFinished(async () => void (await remove()));
    await expect
      .poll(() => ask(11).catch((thrown: unknown) => thrown), soon)
      .toMatchObject({
        class: 'Waiting',
        reason: 'DryRunRefused',
        message: expect.stringContaining(`failed calling webhook "${name}"`),
      });
    await remove();
    await expect.poll(() => ask(11).catch((thrown: unknown) => thrown), soon).toEqual([]);
  }
});

test('what the schema of the server forbids is refused', async () => {
  const namespace = await namespaceWith('Deployment');
  const ask = asker(await liveTargets(plane.kubeconfig), namespace);
  await expect(ask(-1)).rejects.toMatchObject({
    reason: 'DryRunRefused',
    message: expect.stringContaining('is invalid'),
  });
});

test('without the right to patch there is a warning that names it, and no refusal', async () => {
  const namespace = await namespaceWith('Deployment');
  const live = await liveTargets(await plane.kubeconfigFor(`nobody-${randomUUID()}`));
  expect(await asker(live, namespace)(5)).toEqual([
    `no dry run of the patch: the operator may not patch deployments of apps in namespace ${namespace}: grant it in the chart by the value planDryRun: true`,
  ]);
});

test('a target that is missing has nothing to tell', async () => {
  const namespace = await freshNamespace(plane, 'dryrun');
  expect(await asker(await liveTargets(plane.kubeconfig), namespace)(5)).toEqual([]);
});
