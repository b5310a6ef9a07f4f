/** Whether a real node can run on this machine, and if not, what is in the way. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CNI_FOLDER } from './containerd.ts';

/** Programs that are taken from the machine, with the Debian package of each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  runc: 'runc',
  nft: 'nftables',
  iptables: 'iptables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  mount: 'mount',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  flock: 'util-linux',
};
const CNI_PLUGINS = ['bridge', 'host-local', 'loopback', 'portmap'];

export interface Machine {
  readonly platform: string;
  readonly isRoot: boolean;
  /** Is there a program of this name? */
  readonly has: (program: string) => boolean;
  readonly hasCniPlugin: (plugin: string) => boolean;
}

/** This machine. */
export function machine(): Machine {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    has: (program) => folders.some((folder) => folder !== '' && isExecutable(join(folder, program))),
    hasCniPlugin: (plugin) => isExecutable(join(CNI_FOLDER, plugin)),
  };
}

/** Undefined where a node can run; else one sentence that says why not and what to do. */
export function obstacle({ platform, isRoot, has, hasCniPlugin }: Machine): string | undefined {
  if (platform !== 'linux') return `A real node needs Linux; this is ${platform}.`;
  if (!isRoot) return 'A real node needs root, for namespaces and control groups: run it as root or with sudo.';
  const programs = Object.entries(PROGRAMS).filter(([program]) => !has(program));
  const plugins = CNI_PLUGINS.filter((plugin) => !hasCniPlugin(plugin));
  if (programs.length + plugins.length === 0) return undefined;
  const missing = [...programs.map(([program]) => program), ...plugins.map((plugin) => join(CNI_FOLDER, plugin))];
  const packages = new Set(programs.map(([, name]) => name));
  if (plugins.length > 0) packages.add('containernetworking-plugins');
  const install = `apt-get install --no-install-recommends ${[...packages].sort().join(' ')}`;
  return `A real node needs programs that are not here: ${missing.join(', ')}. On Debian: ${install}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
