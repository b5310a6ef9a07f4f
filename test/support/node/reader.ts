/** What users do with a shared volume: a pod of theirs reads packages and feeds them to kustomize. */
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOciArchive } from '../../../tools/image/archive.ts';
import type { AttachedNode } from '../../../tools/node/attached.ts';
import { binary } from '../../../tools/setup/binaries.mjs';
import { tempFolder } from '../temp-folder.ts';

const IMAGE = 'localhost/kustomize:1';

/** Gives the node an image that holds kustomize and nothing else. */
export async function importKustomize(node: AttachedNode): Promise<void> {
  const folder = tempFolder();
  const rootfs = join(folder, 'rootfs');
  mkdirSync(rootfs);
  cpSync(await binary('kustomize'), join(rootfs, 'kustomize'));
  const out = join(folder, 'kustomize.tar');
  await writeOciArchive({ rootfs, ref: IMAGE, config: { Entrypoint: ['/kustomize'] }, out });
  await node.importImage(out);
}

/** Resolves to what `kustomize build` prints in a pod that mounts the claim read-only, for the sample app with one package. */
export async function buildInPod(
  node: AttachedNode,
  namespace: string,
  claim: string,
  intent: string,
): Promise<string> {
  const app = readFileSync(join(import.meta.dirname, '../../../config/samples/app/deployment.yaml'), 'utf8');
  const kustomization = JSON.stringify({ resources: ['app.yaml'], components: [`../volume/packages/${intent}`] });
  const files = { 'app.yaml': app, 'kustomization.yaml': kustomization };
  const objects = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'app', namespace }, data: files },
    readerPod(namespace, claim),
  ];
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await node.kubectl(['create', '-f', '-'], { input: JSON.stringify(list) });
  const done = ['wait', '-n', namespace, 'pod/reader', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s'];
  const { code } = await node.kubectl(done, { allowFailure: true });
  const { stdout } = await node.kubectl(['logs', '-n', namespace, 'reader']);
  if (code !== 0) throw new Error(`the reader did not succeed: ${stdout}`);
  await node.kubectl(['delete', 'pod/reader', 'configmap/app', '-n', namespace]);
  return stdout;
}

function readerPod(namespace: string, claim: string): unknown {
  const mounts = [
    { name: 'app', mountPath: '/work', readOnly: true },
    { name: 'packages', mountPath: '/volume', readOnly: true },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'reader', namespace },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      // Another user than the operator's: packages are for everybody who has the volume.
      securityContext: { runAsNonRoot: true, runAsUser: 1234, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'kustomize',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          args: ['build', '/work'],
          volumeMounts: mounts,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
      volumes: [
        { name: 'app', configMap: { name: 'app' } },
        { name: 'packages', persistentVolumeClaim: { claimName: claim, readOnly: true } },
      ],
    },
  };
}
