/** Names, addresses and folders of the node. Only what stands under `HOST` can be seen from outside its namespaces. */
import { join } from 'node:path';

export const NODE_NAME = 'patchgen-node';

/** The name of the one thing in each place of the machine that is not inside the namespaces. */
export const HOST = {
  /** Held as long as a node is up or being cleared away; says who holds it. Stays behind, empty. */
  lock: '/run/patchgen-node.lock',
  /** Held by one run of the tests from its first node to its last. Stays behind, empty. */
  turn: '/run/patchgen-e2e.lock',
  /** A control group of this name in every hierarchy; kubelet puts its pods below it. */
  cgroup: 'patchgen-node',
  /** The machine's end of the cable to the node; at most 15 characters. */
  link: 'patchgen-node',
  /** Temporary folders are named so, with random characters behind. */
  folder: 'patchgen-node-',
} as const;

/** RFC 2544 keeps 198.18.0.0/15 for tests of networks, so nothing that a machine talks to is there. */
export const ADDRESS = {
  host: '198.18.0.1',
  node: '198.18.0.2',
  prefix: 30,
  pods: '10.202.0.0/24',
  services: '10.203.0.0/24',
  /** The first of the services' range: the API server takes it for the Service `kubernetes`. */
  apiService: '10.203.0.1',
  apiPort: 6443,
} as const;

export const SERVER = `https://${ADDRESS.node}:${ADDRESS.apiPort}`;

/** Inside the mount namespace only, where `/run` is the node's own. */
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';

export interface Folders {
  /** The temporary folder that holds everything else; gone after the stop. */
  readonly dir: string;
  readonly logs: string;
  /** Certificates, keys, kubeconfigs and configuration files. */
  readonly settings: string;
  readonly etcd: string;
  readonly containerd: string;
  readonly kubelet: string;
  readonly cni: string;
}

export function foldersOf(dir: string): Folders {
  return {
    dir,
    logs: join(dir, 'logs'),
    settings: join(dir, 'settings'),
    etcd: join(dir, 'etcd'),
    containerd: join(dir, 'containerd'),
    kubelet: join(dir, 'kubelet'),
    cni: join(dir, 'settings', 'cni'),
  };
}
