import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Base } from '../../../src/reconcile/plan/base.ts';
import { planDigestOf } from '../../../src/reconcile/plan/plan-digest.ts';
import type { AttachedControlPlane } from '../../../tools/control-plane/attached.ts';
import { freshKind } from '../../support/custom-kind.ts';
import { liveTargets, workload } from '../../support/live-targets.ts';
import { freshNamespace, sharedControlPlane } from '../../support/shared-control-plane.ts';

let plane: AttachedControlPlane;
beforeAll(async () => {
  plane = await sharedControlPlane();
});

const create = (input: string) => plane.kubectl(['create', '-f', '-'], { input });
const digestOf = (base: Base): string => planDigestOf({ changeDigest: 'c'.repeat(64), base, inputs: { policies: [] } });

/** A namespace with one workload in it. */
async function namespaceWith(kind: string, spec: object = {}, apiVersion = 'apps/v1'): Promise<string> {
  const namespace = await freshNamespace(plane, 'plan');
  await create(workload(kind, namespace, spec, apiVersion));
  return namespace;
}

describe.each(['Deployment', 'StatefulSet', 'ReplicaSet'])('a live %s', (targetKind) => {
  test.each([3, 0])('is read with its number of %d, its labels and its generation', async (replicas) => {
    const namespace = await namespaceWith(targetKind, { replicas });
    const { read, take } = await liveTargets(plane.kubeconfig);
    const { stdout } = await plane.kubectl(['get', targetKind, 'web', '-n', namespace, '-o', 'json']);
    const { metadata } = JSON.parse(stdout);
    const base = await read({ namespace, targetKind });
    expect(base).toMatchObject({ state: 'found', uid: metadata.uid, generation: 1, replicas, labels: { app: 'web' } });
    expect(base).toMatchObject({ warnings: [] });
    expect(take()).toHaveLength(2);
  });
});

describe('a plan digest', () => {
  test('stays while status and labels of the target move, and one read tells when nothing moved', async () => {
    // No controller handles this kind, so nothing but the test moves it.
    const { apiVersion: targetApiVersion, kind: targetKind, definition } = await freshKind(plane);
    const namespace = await namespaceWith(targetKind, {}, targetApiVersion);
    const spec = { namespace, targetApiVersion, targetKind };
    const { found, take } = await liveTargets(plane.kubeconfig);
    const first = await found(spec);
    take();
    expect(await found(spec)).toEqual(first);
    expect(take()).toEqual([expect.stringMatching(/\/web\/scale 200$/)]);

    await plane.kubectl(['label', definition, 'web', '-n', namespace, 'tier=gold']);
    const labelled = await found(spec);
    expect(labelled.labels).toEqual({ app: 'web', tier: 'gold' });
    await plane.kubectl([
      ...['patch', definition, 'web', '-n', namespace, '--subresource=status', '--type=merge'],
      ...['-p', '{"status": {"replicas": 3}}'],
    ]);
    const busy = await found(spec);
    expect(new Set([first, labelled, busy].map(({ resourceVersion }) => resourceVersion)).size).toBe(3);
    expect(new Set([first, labelled, busy].map(digestOf)).size).toBe(1);
    // Twice: scale and metadata of what had moved.
    expect(take()).toHaveLength(4);
  });

  test('moves with the number, with anything else of the spec, and with the object itself', async () => {
    const namespace = await namespaceWith('Deployment');
    const { found, read } = await liveTargets(plane.kubeconfig);
    const bases: Base[] = [await found({ namespace })];
    await plane.kubectl(['scale', 'deployment/web', '-n', namespace, '--replicas=4']);
    bases.push(await found({ namespace }));
    await plane.kubectl(['scale', 'deployment/web', '-n', namespace, '--replicas=3']);
    bases.push(await found({ namespace }));
    await plane.kubectl(['set', 'image', 'deployment/web', '-n', namespace, 'main=registry.example/web:2.0']);
    bases.push(await found({ namespace }));
    await plane.kubectl(['delete', 'deployment', 'web', '-n', namespace]);
    bases.push(await read({ namespace }));
    await create(workload('Deployment', namespace));
    bases.push(await found({ namespace }));
    expect(bases.at(-2)).toEqual({ state: 'missing' });
    expect(new Set(bases.map(digestOf)).size).toBe(6);
  });
});

test('a target that does not exist is missing, in a namespace that does not exist too', async () => {
  const { read } = await liveTargets(plane.kubeconfig);
  expect(await read({ namespace: await freshNamespace(plane, 'plan') })).toEqual({ state: 'missing' });
  expect(await read({ namespace: 'nowhere-at-all' })).toEqual({ state: 'missing' });
});

test('an owner is found in the managed fields', async () => {
  const namespace = await freshNamespace(plane, 'plan');
  await plane.kubectl(['apply', '--server-side', '--field-manager=kustomize-controller', '-f', '-'], {
    input: workload('Deployment', namespace),
  });
  const { found } = await liveTargets(plane.kubeconfig);
  expect((await found({ namespace })).owner).toEqual({ tool: 'Flux', kind: 'Kustomization', from: 'managedFields' });
});

describe('a custom kind', () => {
  const specOf = (namespace: string, { apiVersion, kind }: { apiVersion: string; kind: string }) => ({
    namespace,
    targetApiVersion: apiVersion,
    targetKind: kind,
  });

  test('with a scale subresource is read like a workload', async () => {
    const kind = await freshKind(plane);
    const namespace = await namespaceWith(kind.kind, {}, kind.apiVersion);
    const { found, read } = await liveTargets(plane.kubeconfig);
    expect(await found(specOf(namespace, kind))).toMatchObject({ replicas: 3, generation: 1, warnings: [] });
    expect(await read({ ...specOf(namespace, kind), target: 'other' })).toEqual({ state: 'missing' });
  });

  test('without a number is there, but how many it has is not known', async () => {
    const kind = await freshKind(plane);
    const namespace = await namespaceWith(kind.kind, { replicas: undefined }, kind.apiVersion);
    const { read } = await liveTargets(plane.kubeconfig);
    expect(await read(specOf(namespace, kind))).toEqual({
      state: 'unreadable',
      why: expect.stringContaining('has no .spec.replicas'),
    });
  });

  test('without a scale subresource is Rejected, and so is one whose scale is another field', async () => {
    const plain = await freshKind(plane, { specReplicasPath: null });
    const other = await freshKind(plane, { group: plain.group, kind: 'Fleet', specReplicasPath: '.spec.size' });
    const { read } = await liveTargets(plane.kubeconfig);
    await expect(read(specOf('default', other))).rejects.toMatchObject({
      class: 'Rejected',
      reason: 'UnsupportedTargetKind',
      message: expect.stringMatching(/Fleet": it is scaled by "\.spec\.size", and packages set \.spec\.replicas$/),
    });
    await expect(read(specOf('default', plain))).rejects.toMatchObject({
      class: 'Rejected',
      reason: 'UnsupportedTargetKind',
      message: expect.stringMatching(
        /Rollout": it has no scale subresource; kinds of .* that have one in a namespace: Fleet$/,
      ),
    });
  });

  test('whose objects are in no namespace is Rejected', async () => {
    const kind = await freshKind(plane, { scope: 'Cluster' });
    const { read } = await liveTargets(plane.kubeconfig);
    await expect(read(specOf('default', kind))).rejects.toMatchObject({ reason: 'UnsupportedTargetKind' });
  });

  test('that the cluster does not serve has no targets there', async () => {
    const { group } = await freshKind(plane);
    const { read } = await liveTargets(plane.kubeconfig);
    for (const apiVersion of ['nowhere.example.dev/v1', `${group}/v1alpha1`, `${group}/v9`])
      expect(await read(specOf('default', { apiVersion, kind: 'Boat' }))).toEqual({
        state: 'missing',
        notServed: true,
      });
  });
});

describe('a user with few rights', () => {
  /** A kubeconfig of somebody who may `get` these resources in the namespace. */
  async function reader(namespace: string, ...resources: readonly string[]): Promise<string> {
    const user = `reader-${randomUUID()}`;
    if (resources.length > 0) {
      const rights = ['--verb=get', ...resources.map((resource) => `--resource=${resource}`)];
      await plane.kubectl(['create', 'role', user, '-n', namespace, ...rights]);
      await plane.kubectl(['create', 'rolebinding', user, '-n', namespace, `--role=${user}`, `--user=${user}`]);
    }
    return plane.kubeconfigFor(user);
  }

  test('without any is told which one is missing', async () => {
    const namespace = await namespaceWith('Deployment');
    const { read, take } = await liveTargets(await reader(namespace));
    expect(await read({ namespace })).toEqual({
      state: 'unreadable',
      why: `the operator may not get deployments/scale of apps in namespace ${namespace}: grant it in the chart by the value targets`,
    });
    expect(take()).toHaveLength(1);
  });

  test('with the scale alone knows the number, and is told what is missing for the rest', async () => {
    // No controller of this control plane moves one of these.
    const targetKind = 'StatefulSet';
    const namespace = await namespaceWith(targetKind);
    const { found, take } = await liveTargets(await reader(namespace, 'statefulsets.apps/scale'));
    await expect.poll(() => found({ namespace, targetKind }).catch(() => undefined), { timeout: 30_000 }).toBeDefined();
    const base = await found({ namespace, targetKind });
    expect(base).toMatchObject({ replicas: 3, labels: 'unknown' });
    expect(base).not.toHaveProperty('generation');
    expect(base.warnings).toEqual([
      expect.stringContaining(`may not get statefulsets of apps in namespace ${namespace}: grant it`),
    ]);
    take();
    expect(await found({ namespace, targetKind })).toEqual(base);
    expect(take()).toHaveLength(1);
  });

  test('for a custom kind is told that its definition can not be looked at', async () => {
    const kind = await freshKind(plane);
    const namespace = await namespaceWith(kind.kind, {}, kind.apiVersion);
    const config = await reader(namespace, kind.definition, `${kind.definition}/scale`);
    const { found } = await liveTargets(config);
    const spec = { namespace, targetApiVersion: kind.apiVersion, targetKind: kind.kind };
    await expect.poll(() => found(spec).catch(() => undefined), { timeout: 30_000 }).toBeDefined();
    expect((await found(spec)).warnings).toEqual([
      expect.stringContaining(`may not get customresourcedefinitions of apiextensions.k8s.io named ${kind.definition}`),
    ]);
  });
});
