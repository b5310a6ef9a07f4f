/** containerd with runc and the bridge plugin of CNI, all of it below one folder. */
import { statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ADDRESS, CONTAINERD_SOCKET, type Folders } from './layout.ts';

/** Where Debian puts the plugins. */
export const CNI_FOLDER = '/usr/lib/cni';
/** What holds the namespaces of each pod; ours, see `pause.ts`. */
export const PAUSE_IMAGE = 'localhost/pause:1';

const OVERLAYFS = 0x794c7630;

/** Writes the settings; resolves to the command line. */
export async function containerdCommand(program: string, folders: Folders): Promise<string[]> {
  // Overlays do not lie on overlays: inside another container, layers are copied.
  const onOverlay = (await statfs(folders.containerd)).type === OVERLAYFS;
  const path = join(folders.settings, 'containerd.toml');
  await writeFile(path, settingsText(folders, onOverlay ? 'native' : 'overlayfs'));
  await writeFile(join(folders.cni, '10-bridge.conflist'), `${JSON.stringify(network())}\n`);
  return [program, '--config', path];
}

/** containerd finds its shim on PATH. */
export function containerdEnvironment(shim: string): Record<string, string> {
  return { PATH: `${dirname(shim)}:${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
}

export const ctrCommand = (program: string, ...args: string[]): string[] => [
  program,
  '--address',
  CONTAINERD_SOCKET,
  '--namespace',
  'k8s.io',
  ...args,
];

// No score below the starter's: where CAP_SYS_RESOURCE is missing, it cannot be lowered and no pod would start.
const settingsText = ({ containerd, cni }: Folders, snapshotter: string): string => `version = 3
root = "${containerd}"
state = "/run/containerd"
oom_score = 0
disabled_plugins = ["io.containerd.nri.v1.nri"]
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins.'io.containerd.internal.v1.opt']
  path = "${join(containerd, 'opt')}"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "${snapshotter}"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "${PAUSE_IMAGE}"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  disable_apparmor = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["${CNI_FOLDER}"]
  conf_dir = "${cni}"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = "runc"
  SystemdCgroup = false
`;

function network(): unknown {
  const ipam = {
    type: 'host-local',
    dataDir: '/run/cni',
    ranges: [[{ subnet: ADDRESS.pods }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  const bridge = { type: 'bridge', bridge: 'cni0', isGateway: true, hairpinMode: true, ipam };
  const plugins = [bridge, { type: 'portmap', capabilities: { portMappings: true } }];
  return { cniVersion: '1.0.0', name: 'patchgen-node', plugins };
}
