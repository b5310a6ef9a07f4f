/** A volume that many pods may mount, as a network file system would give it: on a single node a folder of the machine will do. */
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttachedNode } from '../../../tools/node/attached.ts';
import { NODE_NAME } from '../../../tools/node/layout.ts';

export interface VolumeOptions {
  readonly namespace: string;
  readonly claim: string;
  readonly accessMode: 'ReadWriteMany' | 'ReadWriteOnce';
}

export interface Volume {
  /** On the machine. */
  readonly folder: string;
  remove(): Promise<void>;
}

/** Creates a PersistentVolume for one claim that does not exist yet. */
export async function volumeFor(node: AttachedNode, { namespace, claim, accessMode }: VolumeOptions): Promise<Volume> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'patchgen-volume-'));
  chmodSync(folder, 0o777); // Nobody gives a folder of the machine to the group of a pod.
  const name = `${namespace}-${claim}`;
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: [accessMode],
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace, name: claim },
      hostPath: { path: folder, type: 'Directory' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [NODE_NAME] }] },
          ],
        },
      },
    },
  };
  await node.kubectl(['create', '-f', '-'], { input: JSON.stringify(volume) });
  return {
    folder,
    async remove() {
      await node.kubectl(['delete', 'pv', name, '--wait=false', '--ignore-not-found']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
