import { describe, expect, test } from 'vitest';
import { projectApproval } from '../../../src/reconcile/permit/project-approval.ts';
import { projectHpa, projectScaledObject } from '../../../src/reconcile/permit/project-autoscaler.ts';
import { projectNamespace } from '../../../src/reconcile/permit/project-namespace.ts';
import { projectPolicy } from '../../../src/reconcile/permit/stored-policy.ts';
import { projectIntent } from '../../../src/reconcile/project.ts';

const metadata = {
  name: 'a',
  namespace: 'shop',
  uid: 'u',
  resourceVersion: '7',
  creationTimestamp: '2026-01-01T00:00:00Z',
  labels: { app: 'a' },
  managedFields: [{ manager: 'kubectl' }],
};
const scaleTargetRef = { kind: 'Deployment', name: 'web' };
const decision = { intent: 'web-5', planDigest: 'd', decision: 'Approve', approver: 'jane' };

const PROJECTIONS: Readonly<Record<string, { project: (raw: unknown) => unknown; spec: unknown }>> = {
  intent: { project: projectIntent, spec: { target: 'web' } },
  policy: { project: projectPolicy, spec: { replicas: { max: 5 } } },
  approval: { project: projectApproval, spec: decision },
  namespace: { project: projectNamespace, spec: {} },
  HorizontalPodAutoscaler: { project: projectHpa, spec: { scaleTargetRef, maxReplicas: 9 } },
  ScaledObject: { project: projectScaledObject, spec: { scaleTargetRef } },
};

describe.each(Object.entries(PROJECTIONS))('what is kept of a %s', (_name, { project, spec }) => {
  test('holds no managed fields', () => {
    expect(JSON.stringify(project({ metadata, spec }))).not.toContain('kubectl');
  });

  test('is nothing of what is no object, or has no name, uid or version', () => {
    for (const raw of [undefined, null, 'text', [], {}, { metadata: 'text' }])
      expect(() => project(raw)).toThrow(TypeError);
    for (const missing of ['name', 'uid', 'resourceVersion'])
      expect(() => project({ metadata: { ...metadata, [missing]: undefined }, spec })).toThrow(TypeError);
  });
});

test('an intent is kept with the time of its creation, by which contests are decided', () => {
  expect(projectIntent({ metadata, spec: {} }).metadata.creationTimestamp).toBe('2026-01-01T00:00:00Z');
});

test('an approval that decides nothing, on nothing, by nobody or at no time is none', () => {
  const withSpec = (spec: object) => () => projectApproval({ metadata, spec: { ...decision, ...spec } });
  for (const spec of [{ decision: 'Maybe' }, { intent: '' }, { planDigest: 5 }, { approver: undefined }])
    expect(withSpec(spec)).toThrow(TypeError);
  expect(() => projectApproval({ metadata: { ...metadata, creationTimestamp: 'soon' }, spec: decision })).toThrow(
    TypeError,
  );
  expect(withSpec({ decision: 'Reject' })()).toMatchObject({
    decision: 'Reject',
    createdAt: new Date('2026-01-01T00:00:00Z'),
  });
});

describe('a ScaledObject', () => {
  const targetOf = (ref: object) => projectScaledObject({ metadata, spec: { scaleTargetRef: ref } }).target;
  test('is for a Deployment where it does not say', () => {
    expect(targetOf({ name: 'web' })).toBe('shop/apps/Deployment/web');
    expect(targetOf({ name: 'web', apiVersion: '', kind: '' })).toBe('shop/apps/Deployment/web');
  });
  test('is for what it names', () => {
    expect(targetOf({ name: 'web', apiVersion: 'example.dev/v1', kind: 'Shop' })).toBe('shop/example.dev/Shop/web');
  });
});

test('a HorizontalPodAutoscaler that something else than KEDA made is called by its own name', () => {
  const by = (owner: object) =>
    projectHpa({ metadata: { ...metadata, ownerReferences: [owner] }, spec: { scaleTargetRef } });
  const keda = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'busy', controller: true };
  expect(by(keda)).toMatchObject({ kind: 'ScaledObject', by: 'busy' });
  for (const other of [
    { ...keda, controller: false },
    { ...keda, apiVersion: 'x.dev/v1' },
    { ...keda, kind: 'Shop' },
    5,
  ])
    expect(by(other as object)).toMatchObject({ kind: 'HorizontalPodAutoscaler', by: 'a' });
});
