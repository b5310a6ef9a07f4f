import { expect, test } from 'vitest';
import { GUARDS } from '../../../src/api/guards/index.ts';
import { requesterGuard, TARGET_KINDS } from '../../../src/api/guards/requester.ts';
import { type KubernetesObject, renderChart } from '../../support/helm.ts';

// The operator counts approvals only while the server has the guards exactly as the code has them, so the chart must render
// them so, whatever its values.

const KINDS = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];

/** Name and kind of each guard that the chart renders, with its spec. */
async function rendered(values: object): Promise<Readonly<Record<string, unknown>>> {
  const objects = (await renderChart({ values })).filter(({ kind }) => KINDS.includes(kind));
  return Object.fromEntries(objects.map((object) => [nameOf(object), object.spec]));
}

const nameOf = ({ kind, metadata }: Pick<KubernetesObject, 'kind' | 'metadata'>): string => `${kind} ${metadata.name}`;

const specsOf = (pairs: readonly (typeof GUARDS)[keyof typeof GUARDS][]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    pairs.flatMap(({ policy, binding }) => [policy, binding].map((object) => [nameOf(object), object.spec])),
  );

test('the chart renders the guards that the operator looks for', async () => {
  expect(await rendered({})).toEqual(specsOf(Object.values(GUARDS)));
});

test('the kinds of the value `targets` are those of the requester policy, and the other two stay as they are', async () => {
  const targets = [
    ...TARGET_KINDS.slice(0, 1),
    { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', resource: 'rollouts' },
    { apiVersion: 'v1', kind: 'ReplicationController', resource: 'replicationcontrollers' },
  ];
  const { approver, 'requested-by': requestedBy } = GUARDS;
  expect(await rendered({ targets })).toEqual(specsOf([approver, requestedBy, requesterGuard(targets)]));
});

test('each of them can be left out, where the operator is told not to look for it', async () => {
  const { approver, 'requested-by': requestedBy, requester } = GUARDS;
  expect(await rendered({ admissionPolicies: { requester: false } })).toEqual(specsOf([approver, requestedBy]));
  const unguarded = { approvalGuard: false, admissionPolicies: { approver: false, requestedBy: false } };
  expect(await rendered(unguarded)).toEqual(specsOf([requester]));
  expect(await rendered({ approvalGuard: false, admissionPolicies: { enabled: false } })).toEqual({});
});
