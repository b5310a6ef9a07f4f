/** Takes away everything of a node that is on the machine. Safe to repeat, and to do for a node that somebody else left. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroupProcesses, cgroups, removeCgroups } from './cgroups.ts';
import { HOST } from './layout.ts';
import { run } from './run.ts';

const PATIENCE_MS = 20_000;

export interface Left {
  /** The node's temporary folder, if it is known. */
  readonly dir?: string;
  /** Keep the logs in it, for somebody who looks for what went wrong. */
  readonly keepLogs?: boolean;
}

/** Resolves with one sentence for each thing that would not go; none when the machine is as before. */
export async function clearAway({ dir, keepLogs = false }: Left): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => problems.push(error instanceof Error ? error.message : String(error)));
  };
  await attempt(emptyCgroups);
  await attempt(unplug);
  if (dir !== undefined) await attempt(() => emptyFolder(dir, keepLogs));
  return problems;
}

async function emptyCgroups(): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (removeCgroups(); cgroups().length > 0; removeCgroups()) {
    for (const pid of cgroupProcesses()) kill(pid);
    if (Date.now() > deadline) throw new Error(`control groups that do not go: ${cgroups().join(', ')}`);
    await sleep(50);
  }
}

async function unplug(): Promise<void> {
  // The link goes with the network namespace behind it, so it may go between the look and the deed.
  if (!existsSync(`/sys/class/net/${HOST.link}`)) return;
  const { stderr } = await run(['ip', 'link', 'delete', HOST.link], { allowFailure: true });
  if (existsSync(`/sys/class/net/${HOST.link}`)) throw new Error(`the link ${HOST.link} does not go: ${stderr.trim()}`);
}

/** Rejects what is no folder of a node. */
export async function emptyFolder(dir: string, keepLogs: boolean): Promise<void> {
  // Only what bears our name, whatever the lock file says.
  if (!basename(dir).startsWith(HOST.folder) || resolve(dir) !== dir) throw new Error(`${dir} is no folder of a node`);
  const kept = keepLogs && existsSync(join(dir, 'logs'));
  const doomed = kept ? (await readdir(dir)).filter((name) => name !== 'logs').map((name) => join(dir, name)) : [dir];
  for (const path of doomed) await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
