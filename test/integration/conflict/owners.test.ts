import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PatchIntent } from '../../../src/api/types.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import { SCALED_OBJECT, serveKind } from '../../support/rights-scenes.ts';
import {
  conditionOf,
  type DeploymentOptions,
  hpasIn,
  inNamespace,
  look,
  makeDeployment,
  makeHpa,
  makePolicy,
  messageOf,
  must,
  NO_RESYNC,
  policyReady,
  said,
} from '../../support/safety-scenes.ts';
import { treeOf } from '../../support/tree.ts';

// What else sets the field of a target: autoscalers, and tools that keep it as it is declared elsewhere.

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
  await world.start({ flags: [...PATIENT_LEASE, ...NO_RESYNC] });
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

/** A Ready intent for a Deployment of a namespace of its own. */
async function published(namespace: string, target = 'web'): Promise<string> {
  const key = `${namespace}/${target}`;
  await makeDeployment(world, namespace, target);
  await world.apply(key, scale(target, 5));
  await world.ready(key);
  return key;
}

const managed = (key: string, by: string): Promise<PatchIntent> =>
  world.until(
    key,
    `is managed by ${by}`,
    (it) => readyWords(it) === 'False ManagedByAutoscaler' && messageOf(it).includes(by),
  );

const treesOf = (namespace: string): object => treeOf(`${world.packages}/${namespace}`);

describe('a HorizontalPodAutoscaler', () => {
  test('of the target of a published intent: a conflict that names it, while the package stays; gone with it', async () => {
    await world.namespace('hpa');
    const key = await published('hpa');
    const before = treesOf('hpa');
    await makeHpa(world, 'hpa', 'busy', 'web');
    const held = await managed(key, 'HorizontalPodAutoscaler busy');
    expect(conditionOf(held, 'Conflicted')).toMatchObject({ status: 'True', reason: 'ManagedByAutoscaler' });
    expect(conditionOf(held, 'Stalled')).toBeUndefined();
    expect(held.status?.package?.generation).toBe(1);
    expect(treesOf('hpa')).toEqual(before);
    await must(world, 'DELETE', `${hpasIn('hpa')}/busy`);
    expect(conditionOf(await world.ready(key), 'Conflicted')).toBeUndefined();
    expect(treesOf('hpa')).toEqual(before);
  });

  test('that is there first keeps a package from coming; pointed elsewhere it lets go of the one and takes the other', async () => {
    await world.namespace('first');
    await makeHpa(world, 'first', 'busy', 'web');
    const other = await published('first', 'other');
    await makeDeployment(world, 'first', 'web');
    await world.apply('first/web', scale('web', 5));
    expect((await managed('first/web', 'HorizontalPodAutoscaler busy')).status?.package).toBeUndefined();
    const spec = { scaleTargetRef: { name: 'other' } };
    await must(world, 'PATCH', `${hpasIn('first')}/busy`, { spec }, 'application/merge-patch+json');
    await world.ready('first/web');
    await managed(other, 'HorizontalPodAutoscaler busy');
  });

  test('of a target of another kind, name or namespace is nobody`s business', async () => {
    for (const namespace of ['aside', 'elsewhere']) await world.namespace(namespace);
    const key = await published('aside');
    const last = await published('aside', 'last');
    await makeHpa(world, 'aside', 'other-kind', 'web', 'StatefulSet');
    await makeHpa(world, 'aside', 'other-name', 'web-2');
    await makeHpa(world, 'elsewhere', 'other-namespace', 'web');
    // Once the operator knows of this one it knows of those.
    await makeHpa(world, 'aside', 'last', 'last');
    await managed(last, 'HorizontalPodAutoscaler last');
    await look(world, key);
    expect(new Set(await said(world, key))).toEqual(new Set(['True PackageWritten']));
  });

  test('is a warning of the plan or nothing at all where a policy says so, the strictest of several counts', async () => {
    for (const namespace of ['warned', 'ignored']) await world.namespace(namespace);
    await makePolicy(world, 'warned', { match: inNamespace('warned'), autoscaler: 'Warn' });
    await makePolicy(world, 'ignored', { match: inNamespace('ignored'), autoscaler: 'Ignore' });
    for (const name of ['warned', 'ignored']) await policyReady(world, name);
    for (const namespace of ['warned', 'ignored']) {
      await makeHpa(world, namespace, 'busy', 'web');
      // Whether the operator knows of it: an intent that no policy spares would tell.
      await makeDeployment(world, namespace, 'web');
      await world.apply(`${namespace}/web`, scale('web', 5));
    }
    const warned = await world.until('warned/web', 'is warned of', ({ status }) =>
      (status?.plan?.warnings ?? []).some((text) => text.includes('HorizontalPodAutoscaler busy')),
    );
    expect(readyWords(warned)).toBe('True PackageWritten');
    expect(warned.status?.plan?.warnings).toEqual([
      'policy warned, autoscaler: HorizontalPodAutoscaler busy would set the number again (Warn)',
    ]);
    expect(conditionOf(warned, 'Conflicted')).toBeUndefined();
    const ignored = await world.ready('ignored/web');
    expect(ignored.status?.plan?.warnings).toBeUndefined();
    expect(ignored.status?.policy).toMatchObject({ decision: 'Allow', considered: [{ policy: 'ignored' }] });
    await makePolicy(world, 'refused', { match: inNamespace('warned', 'ignored'), autoscaler: 'Refuse' });
    for (const namespace of ['warned', 'ignored']) {
      const held = await managed(`${namespace}/web`, 'policy refused, autoscaler: HorizontalPodAutoscaler busy');
      expect(held.status?.package?.generation).toBe(1);
    }
  });
});

test('a ScaledObject of a KEDA that was installed under the running operator is as much of a conflict, and goes in the same way', async () => {
  await world.namespace('keda');
  const key = await published('keda');
  await serveKind(world, SCALED_OBJECT);
  const path = '/apis/keda.sh/v1alpha1/namespaces/keda/scaledobjects';
  const head = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' };
  await must(world, 'POST', path, { ...head, metadata: { name: 'queue' }, spec: { scaleTargetRef: { name: 'web' } } });
  await eventually(
    'the operator sees it',
    async () => readyWords((await world.get(key)) as PatchIntent) === 'False ManagedByAutoscaler',
    150_000,
  );
  await managed(key, 'ScaledObject queue');
  await must(world, 'DELETE', `${path}/queue`);
  await world.ready(key);
});

describe('an owner of the target', () => {
  const helm = { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': 'shop-releases' };
  const OWNERS: readonly (readonly [string, DeploymentOptions, object, string])[] = [
    [
      'helm',
      { labels: { 'app.kubernetes.io/managed-by': 'Helm' }, annotations: helm },
      { tool: 'Helm', kind: 'Release', name: 'shop', namespace: 'shop-releases' },
      'Helm Release shop-releases/shop',
    ],
    [
      'argo',
      { annotations: { 'argocd.argoproj.io/tracking-id': 'argo_apps:apps/Deployment:owned-argo/web' } },
      { tool: 'Argo CD', kind: 'Application', name: 'apps', namespace: 'argo' },
      'Argo CD Application argo/apps',
    ],
    [
      'flux',
      {
        labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' },
      },
      { tool: 'Flux', kind: 'Kustomization', name: 'apps', namespace: 'flux-system' },
      'Flux Kustomization flux-system/apps',
    ],
    ['manager', { fieldManager: 'argocd-controller' }, { tool: 'Argo CD', kind: 'Application' }, 'Argo CD Application'],
  ];

  test('is not who tracks the object from which its annotations were copied', async () => {
    await world.namespace('copied');
    const annotations = { 'argocd.argoproj.io/tracking-id': 'other:apps/Deployment:copied/api' };
    await makeDeployment(world, 'copied', 'web', { annotations });
    await world.apply('copied/web', scale('web', 5));
    const { status } = await world.ready('copied/web');
    expect(status?.plan?.action).toBe('Change');
    expect(status).not.toHaveProperty('owner');
    expect(status?.plan).not.toHaveProperty('warnings');
  });

  test.each(OWNERS)(
    'by the marks of %s stands in the status with advice, and in a warning of the plan',
    async (name, marks, owner, words) => {
      const namespace = `owned-${name}`;
      await world.namespace(namespace);
      await makeDeployment(world, namespace, 'web', marks);
      await world.apply(`${namespace}/web`, scale('web', 5));
      const { status } = await world.ready(`${namespace}/web`);
      expect(status?.owner).toEqual({
        ...owner,
        advice: `${words} may put the field back: make the change where it is declared, too`,
      });
      expect(status?.plan?.warnings).toEqual([expect.stringContaining(`gitOps: ${words} would put the target back`)]);
    },
  );

  test('none is named of a Deployment without such marks, and one that takes it over is seen at the next look', async () => {
    await world.namespace('owned-later');
    const key = await published('owned-later');
    expect((await world.get(key))?.status?.owner).toBeUndefined();
    const labels = { 'argocd.argoproj.io/instance': 'apps' };
    const path = '/apis/apps/v1/namespaces/owned-later/deployments/web';
    await must(world, 'PATCH', path, { metadata: { labels } }, 'application/merge-patch+json');
    const { status } = await look(world, key);
    expect(status?.owner).toMatchObject({ tool: 'Argo CD', name: 'apps' });
  });

  test('is a refusal or no matter where a policy says so; it is named all the same', async () => {
    const [, marks, owner, words] = OWNERS[0] ?? [];
    for (const behaviour of ['Refuse', 'Ignore'] as const) {
      const name = `git-${behaviour.toLowerCase()}`;
      await world.namespace(name);
      await makePolicy(world, name, { match: inNamespace(name), gitOps: behaviour });
      await policyReady(world, name);
      await makeDeployment(world, name, 'web', marks);
      await world.apply(`${name}/web`, scale('web', 5));
    }
    const refused = await world.until('git-refuse/web', 'is refused', (it) => readyWords(it) === 'False PolicyDenied');
    expect(messageOf(refused)).toContain(`policy git-refuse, gitOps: ${words} would put the target back`);
    expect(refused.status?.package).toBeUndefined();
    const ignored = await world.ready('git-ignore/web');
    expect(ignored.status?.plan?.warnings).toBeUndefined();
    for (const { status } of [refused, ignored]) expect(status?.owner).toMatchObject(owner ?? {});
  });
});
