import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { inject, onTestFinished } from 'vitest';
import { type AttachedControlPlane, attach, type ControlPlaneFacts } from '../../tools/control-plane/attached.ts';

/**
 * The control plane that all files of a room share: etcd, kube-apiserver, kube-controller-manager, audit log, our CRDs.
 * Started when the first file asks. Stay inside a namespace of your own (`freshNamespace`). A test that kills the server,
 * changes a CRD or counts every write starts one for itself, with `startControlPlane`, and stops it in `afterAll`.
 */
export async function sharedControlPlane(): Promise<AttachedControlPlane> {
  const socketPath = inject('controlPlaneSocket');
  const text = await new Promise<string>((resolve, reject) => {
    const ask = request({ socketPath, path: '/' }, (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
      response.on('error', reject);
      response.on('end', () => (response.statusCode === 200 ? resolve(received) : reject(new Error(received))));
    });
    ask.on('error', reject);
    ask.end();
  });
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
