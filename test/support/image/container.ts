import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a container runtime does with an image, as far as its files matter: a read-only root, /proc and /dev, a volume, the user.
 * As somebody who is not root the user is mapped, for one must be root to become another.
 */
const SCRIPT = `
set -e
root=$1 volume=$2 user=$3
shift 3
mount --rbind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$volume" "$root/var/lib/patchgen"
mount -o remount,bind,ro "$root"
exec chroot $user "$root" "$@"
`;

/** What a runtime puts into the root that it makes of an image. */
export const MADE_BY_RUNTIME: readonly string[] = ['dev', 'proc', 'etc/hosts'];

export interface ContainerOptions {
  readonly rootfs: string;
  /** Mounted at /var/lib/patchgen; the user of the image must own it. */
  readonly volume: string;
  readonly env: readonly string[];
  readonly input?: string;
}

/** Runs a program of an unpacked image, and nothing of this machine with it. */
export function runInside(command: readonly string[], options: ContainerOptions): SpawnSyncReturns<string> {
  const { rootfs, volume, env, input = '' } = options;
  for (const name of ['dev', 'proc']) mkdirSync(join(rootfs, name), { recursive: true });
  writeFileSync(join(rootfs, 'etc/hosts'), '127.0.0.1 localhost\n');
  const isRoot = process.getuid?.() === 0;
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', ...(isRoot ? [] : ['--map-root-user'])];
  const user = isRoot ? '--userspec=65532:65532' : '';
  const args = [...namespaces, '/bin/sh', '-c', SCRIPT, 'sh', rootfs, volume, user, ...command];
  const variables = Object.fromEntries(env.map((it) => [it.slice(0, it.indexOf('=')), it.slice(it.indexOf('=') + 1)]));
  // PATH also finds mount and chroot here; those of the image are in the same folders.
  return spawnSync('unshare', args, { env: variables, input, encoding: 'utf8' });
}
