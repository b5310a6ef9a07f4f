/** Whether a real node can run on this machine, and if not, what is in the way. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { howToInstall, missingPrograms, NEEDS } from '../setup/debian.mjs';
import { hierarchies } from './cgroups.ts';

export interface Machine {
  readonly platform: string;
  readonly isRoot: boolean;
  /** Those of these programs and plug-ins that are not there. */
  readonly lacks: (names: readonly string[]) => readonly string[];
  /** Whether root may do here what root usually may: not in a container without privileges. */
  readonly isPrivileged: () => boolean;
}

/** This machine. */
export function machine(): Machine {
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    lacks: (names) => missingPrograms(names),
    isPrivileged: () => mayMount() && hierarchies().every(isWritable),
  };
}

/** In namespaces that are gone at once. */
function mayMount(): boolean {
  const command = [
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--propagation',
    'private',
    'mount',
    '-t',
    'tmpfs',
    'tmpfs',
    '/mnt',
  ];
  return spawnSync('unshare', command, { stdio: 'ignore' }).status === 0;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Undefined where a node can run; else one sentence that says why not and what to do. */
export function obstacle({ platform, isRoot, lacks, isPrivileged }: Machine): string | undefined {
  if (platform !== 'linux') return `A real node needs Linux; this is ${platform}.`;
  if (!isRoot) return 'A real node needs root, for namespaces and control groups: run it as root or with sudo.';
  const missing = lacks(NEEDS.node);
  if (missing.length > 0)
    return `A real node needs programs that are not here: ${missing.join(', ')}. ${howToInstall(missing)}`;
  if (!isPrivileged())
    return 'A real node makes namespaces, mounts and control groups, which is not allowed here: in a container it needs --privileged.';
  return undefined;
}
