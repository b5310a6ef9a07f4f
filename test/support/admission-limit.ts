import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { AttachedControlPlane } from '../../tools/control-plane/attached.ts';

/**
 * An admission policy over Deployments of one namespace: at most 10 replicas. It is in force a moment after this resolves, and
 * gone with the test. Resolves to the name of the policy and of its binding.
 */
export async function limitReplicas(
  plane: Pick<AttachedControlPlane, 'kubectl'>,
  namespace: string,
  action: 'Deny' | 'Warn',
): Promise<string> {
  const name = `limit-${randomUUID().slice(0, 8)}`;
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const rule = { apiGroups: ['apps'], apiVersions: ['*'], operations: ['UPDATE'], resources: ['deployments'] };
  const policy = {
    ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name } },
    spec: {
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression: 'object.spec.replicas <= 10', message: 'no more than ten here' }],
    },
  };
  const selector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
  const binding = {
    ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name } },
    spec: { policyName: name, validationActions: [action], matchResources: { namespaceSelector: selector } },
  };
  for (const object of [policy, binding]) await plane.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
  onTestFinished(async () => {
    await plane.kubectl(['delete', 'validatingadmissionpolicybinding', name, '--ignore-not-found']);
    await plane.kubectl(['delete', 'validatingadmissionpolicy', name, '--ignore-not-found']);
  });
  return name;
}
