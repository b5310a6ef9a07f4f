import type { AttachedControlPlane } from '../../../tools/control-plane/attached.ts';
import { PAUSE_IMAGE } from '../../../tools/node/containerd.ts';

/** Resolves once a pod that does nothing runs, with its shim, control group and network. */
export async function runPausePod(plane: AttachedControlPlane): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'idle', namespace: 'default' },
    spec: { containers: [{ name: 'idle', image: PAUSE_IMAGE, imagePullPolicy: 'IfNotPresent' }] },
  };
  await plane.kubectl(['apply', '-f', '-'], { input: JSON.stringify(pod) });
  await plane.kubectl(['wait', '--for=condition=Ready', 'pod/idle', '--timeout=60s']);
}
