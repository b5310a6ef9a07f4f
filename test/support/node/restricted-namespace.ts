import type { AttachedControlPlane } from '../../../tools/control-plane/attached.ts';

/** A namespace as a careful administrator makes it: pods that are not "restricted" are refused. */
export async function restrictedNamespace(plane: AttachedControlPlane, name: string): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  await plane.kubectl(['create', '-f', '-'], { input: JSON.stringify(namespace) });
}
