import { randomUUID } from 'node:crypto';
import { inject, onTestFinished } from 'vitest';
import { type AttachedControlPlane, attach, type ControlPlaneFacts } from '../../tools/control-plane/attached.ts';
import { askSocket } from './ask-socket.ts';

/**
 * The control plane that all files of a room share: etcd, kube-apiserver, kube-controller-manager, audit log, our CRDs.
 * Started when the first file asks. Stay inside a namespace of your own (`freshNamespace`). A test that kills the server,
 * changes a CRD or counts every write starts one for itself, with `startControlPlane`, and stops it in `afterAll`.
 */
export async function sharedControlPlane(): Promise<AttachedControlPlane> {
  const text = await askSocket(inject('controlPlaneSocket'));
  return attach(JSON.parse(text) as ControlPlaneFacts);
}

/** Creates a namespace that nobody else uses and returns its name; its deletion begins when the test ends. */
export async function freshNamespace(controlPlane: AttachedControlPlane, prefix = 'test'): Promise<string> {
  const name = `${prefix}-${randomUUID().slice(0, 8)}`;
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  const { status, body } = await controlPlane.request('POST', '/api/v1/namespaces', namespace);
  if (status !== 201) throw new Error(`namespace ${name}: ${status} ${JSON.stringify(body)}`);
  onTestFinished(async () => {
    await controlPlane.request('DELETE', `/api/v1/namespaces/${name}`);
  });
  return name;
}
