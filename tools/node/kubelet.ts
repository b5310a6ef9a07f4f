/** kubelet: settings and command line. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubeconfigOf } from './identities.ts';
import { ADDRESS, CONTAINERD_SOCKET, type Folders, HOST, NODE_NAME } from './layout.ts';

/** Writes the settings; resolves to the command line. */
export async function kubeletCommand(program: string, folders: Folders): Promise<string[]> {
  const path = join(folders.settings, 'kubelet.json');
  await writeFile(path, JSON.stringify(settingsOf(folders), undefined, 2));
  return [
    program,
    `--config=${path}`,
    `--kubeconfig=${kubeconfigOf(folders.settings, 'kubelet')}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${ADDRESS.node}`,
    `--root-dir=${folders.kubelet}`,
    `--cert-dir=${join(folders.kubelet, 'pki')}`,
    '--v=2',
  ];
}

function settingsOf({ settings, kubelet, logs }: Folders): unknown {
  const file = (name: string): string => join(settings, name);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: ADDRESS.node,
    tlsCertFile: file('kubelet.crt'),
    tlsPrivateKeyFile: file('kubelet.key'),
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: file('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${HOST.cgroup}`,
    // Development machines still mount version 1, and have swap.
    failCgroupV1: false,
    failSwapOn: false,
    // Lower scores need CAP_SYS_RESOURCE, which containers and some machines lack.
    oomScoreAdj: 0,
    seccompDefault: true,
    podLogsDir: join(logs, 'pods'),
    volumePluginDir: join(kubelet, 'volume-plugins'),
    nodeStatusUpdateFrequency: '5s',
    // There is nowhere to get a removed image from, and a full disk of the machine is not the node's business.
    imageMinimumGCAge: '24h',
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '50Mi', 'imagefs.available': '50Mi' },
    clusterDomain: 'cluster.local',
    clusterDNS: [ADDRESS.node],
    resolvConf: file('resolv.conf'),
  };
}
