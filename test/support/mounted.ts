import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { OperatorProcess } from '../../tools/operator-process.ts';
import type { OperatorWorld } from './operator-world.ts';

/** Why this machine cannot give an operator a volume of its own; undefined where it can. */
export function whyNoMounts(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    execFileSync('unshare', ['-m', '--propagation', 'private', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], {
      stdio: 'pipe',
    });
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? 'no mounts') : 'no mounts';
  }
}

export interface Mounted {
  readonly operator: OperatorProcess;
  /** The volume as the operator sees it. */
  readonly seen: string;
  /** Runs a command among the mounts of the operator, with the volume as its last argument. */
  inside(...command: string[]): void;
}

/** A ready operator whose output directory is a tmpfs, with these mount options, that only it can see. */
export async function onTmpfs(world: OperatorWorld, options: string, flags: readonly string[]): Promise<Mounted> {
  const outputDir = world.volume();
  const mounting = `mount -t tmpfs -o ${options} tmpfs '${outputDir}' && exec "$@"`;
  const under = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', mounting, 'sh'];
  const operator = await world.start({ outputDir, under, flags });
  return {
    operator,
    seen: join(`/proc/${operator.pid}/root`, outputDir),
    inside: (...command) =>
      void execFileSync('nsenter', ['-t', String(operator.pid), '-m', ...command, outputDir], { stdio: 'pipe' }),
  };
}
