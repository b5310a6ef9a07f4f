import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OwnedMetadata, type OwnedObject, ownerOf, ownerText } from '../../../src/policy/owner.ts';

const REPLICAS = ['spec', 'replicas'];
const WEB: OwnedObject = { group: 'apps', kind: 'Deployment', namespace: 'prod', name: 'web' };
const helm = {
  labels: { 'app.kubernetes.io/managed-by': 'Helm' },
  annotations: { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': 'prod' },
};
const byManager = (manager: string, fieldsV1: unknown, subresource?: string): OwnedMetadata => ({
  managedFields: [{ manager, fieldsV1, ...(subresource === undefined ? {} : { subresource }) }],
});
const MANAGES_REPLICAS = { 'f:spec': { 'f:replicas': {} } };

describe('an owner is read from', () => {
  const cases: readonly (readonly [string, OwnedMetadata, string])[] = [
    [
      'the labels of a Flux Kustomization',
      {
        labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' },
      },
      'Flux Kustomization flux-system/apps',
    ],
    [
      'the labels of a Flux HelmRelease, before those of the release that it installs',
      {
        labels: { ...helm.labels, 'helm.toolkit.fluxcd.io/name': 'shop', 'helm.toolkit.fluxcd.io/namespace': 'prod' },
        annotations: helm.annotations,
      },
      'Flux HelmRelease prod/shop',
    ],
    [
      'the tracking id of Argo CD',
      { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:prod/web' } },
      'Argo CD Application shop',
    ],
    [
      'the tracking id of an application in another namespace',
      { annotations: { 'argocd.argoproj.io/tracking-id': 'team-a_shop:apps/Deployment:prod/web' } },
      'Argo CD Application team-a/shop',
    ],
    ['the label of Argo CD', { labels: { 'argocd.argoproj.io/instance': 'shop' } }, 'Argo CD Application shop'],
    [
      'the label of Argo CD, beside a tracking id that was copied from another object',
      {
        labels: { 'argocd.argoproj.io/instance': 'shop' },
        annotations: { 'argocd.argoproj.io/tracking-id': 'other:apps/Deployment:prod/api' },
      },
      'Argo CD Application shop',
    ],
    [
      'the tracking id of Argo CD, beside an empty label of Flux',
      {
        labels: { 'kustomize.toolkit.fluxcd.io/name': '' },
        annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:prod/web' },
      },
      'Argo CD Application shop',
    ],
    ['the annotations of a Helm release', helm, 'Helm Release prod/shop'],
    ['the manager of the field', byManager('kustomize-controller', MANAGES_REPLICAS), 'Flux Kustomization'],
    [
      'the manager of the field, which may be Argo CD',
      byManager('argocd-controller', MANAGES_REPLICAS),
      'Argo CD Application',
    ],
  ];
  test.each(cases)('%s', (_, metadata, text) => {
    const owner = ownerOf(metadata, REPLICAS, WEB);
    expect(owner && ownerText(owner)).toBe(text);
  });
});

describe('no owner is seen in', () => {
  const cases: readonly (readonly [string, OwnedMetadata])[] = [
    ['nothing', {}],
    ['a label that any tool sets', { labels: { 'app.kubernetes.io/instance': 'shop' } }],
    ['annotations of Helm on what Helm does not manage', { annotations: helm.annotations }],
    ...[
      'apps/ReplicaSet:prod/web',
      'extensions/Deployment:prod/web',
      'apps/Deployment:dev/web',
      'apps/Deployment:prod/api',
    ].map((object): readonly [string, OwnedMetadata] => [
      `a tracking id that names another object: ${object}`,
      { annotations: { 'argocd.argoproj.io/tracking-id': `shop:${object}` } },
    ]),
    ['a tracking id that names no object', { annotations: { 'argocd.argoproj.io/tracking-id': 'shop' } }],
    ['an empty name of a Kustomization', { labels: { 'kustomize.toolkit.fluxcd.io/name': '' } }],
    [
      'an empty name of a release',
      {
        labels: helm.labels,
        annotations: { 'meta.helm.sh/release-name': '', 'meta.helm.sh/release-namespace': 'prod' },
      },
    ],
    ['an empty tracking id', { annotations: { 'argocd.argoproj.io/tracking-id': '' } }],
    ['a tool that manages another field', byManager('kustomize-controller', { 'f:spec': { 'f:paused': {} } })],
    ['a person who manages the field', byManager('kubectl-edit', MANAGES_REPLICAS)],
    ['a manager by the name of a member of every object', byManager('constructor', MANAGES_REPLICAS)],
    ['the status that a tool writes', byManager('helm-controller', MANAGES_REPLICAS, 'status')],
  ];
  test.each(cases)('%s', (_, metadata) => expect(ownerOf(metadata, REPLICAS, WEB)).toBeUndefined());
});

test('an object of the core group is tracked with an empty group', () => {
  const metadata = { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:/ReplicationController:prod/web' } };
  const object = { group: '', kind: 'ReplicationController', namespace: 'prod', name: 'web' };
  expect(ownerOf(metadata, REPLICAS, object)).toMatchObject({ name: 'shop' });
  expect(ownerOf(metadata, REPLICAS, { ...object, group: 'apps' })).toBeUndefined();
});

test('whatever stands in managed fields, it does not throw', () => {
  fc.assert(
    fc.property(fc.anything(), (fieldsV1) => {
      expect(() => ownerOf(byManager('helm', fieldsV1), REPLICAS, WEB)).not.toThrow();
    }),
  );
});
