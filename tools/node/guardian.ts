/** The starter's side of the guardian: takes the lock, gets the namespaces, and gives the order to clear away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { GuardianWord } from './guardian-process.ts';
import { HOST } from './layout.ts';
import { processOf } from './processes.ts';
import { run } from './run.ts';

const PROGRAM = fileURLToPath(new URL('./guardian-process.ts', import.meta.url));
/** What `flock` ends with when somebody else has the lock. */
const TAKEN = 75;

/** Somebody else's node is up on this machine. */
export class NodeIsTaken extends Error {}

export interface NodeGuardian {
  /** The first process of the namespaces. */
  readonly pid: number;
  /** The guardian itself: SIGTERM is the order to clear away, also after `keep`. */
  readonly guardianPid: number;
  /** From now on the node outlives this process. */
  keep(): void;
  /** Everything is stopped and taken away. Rejects when something would not go. */
  close(options?: { readonly keepLogs?: boolean }): Promise<void>;
}

/**
 * Resolves with namespaces for a node whose files go into `dir`. `waitMs` is how long to wait for another node to end.
 * Throws NodeIsTaken when it does not.
 */
export async function guardNode(dir: string, waitMs: number, say: (text: string) => void): Promise<NodeGuardian> {
  const deadline = Date.now() + waitMs;
  for (let told = false; ; told = true) {
    const guardian = await tryOnce(dir);
    if (guardian !== undefined) return guardian;
    const holder = lockHolder();
    const who = holder === undefined ? 'another process' : `process ${holder.pid} (${holder.dir})`;
    if (Date.now() >= deadline) {
      throw new NodeIsTaken(
        `A real node is up on this machine already, held by ${who}; only one can be. \`npm run e2e -- --down\` ends it.`,
      );
    }
    if (!told) say(`Waiting for the real node of ${who} to end; only one can be up …`);
    await sleep(500);
  }
}

/** Who holds the lock, as far as its file tells; undefined when that process is gone, whoever has its number now. */
export function lockHolder(file: string = HOST.lock): { readonly pid: number; readonly dir: string } | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; dir: string };
    return processOf(holder.pid)?.command.includes(basename(PROGRAM)) === true ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** True once no node is up and none is being cleared away. */
export async function untilNoNode(waitSeconds: number): Promise<boolean> {
  if (!existsSync(HOST.lock)) return true;
  const { code } = await run(['flock', '--wait', String(waitSeconds), HOST.lock, 'true'], { allowFailure: true });
  return code === 0;
}

async function tryOnce(dir: string): Promise<NodeGuardian | undefined> {
  const lock = ['--nonblock', '--no-fork', '--conflict-exit-code', String(TAKEN), HOST.lock];
  const child = spawn('flock', [...lock, process.execPath, PROGRAM, dir], {
    cwd: '/',
    detached: true, // Ctrl-C in a terminal reaches the whole foreground group; the guardian must outlive it.
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  const exited = once(child, 'exit');
  const words: GuardianWord[] = [];
  const lines = createInterface({ input: child.stdout });
  const first = once(lines, 'line');
  lines.on('line', (line) => words.push(JSON.parse(line) as GuardianWord));
  await Promise.race([first, exited]);
  if (child.exitCode === TAKEN) return undefined;
  const [word] = words;
  if (word?.said !== 'ready') {
    child.stdin.end();
    throw new Error(word?.said === 'failed' ? word.why : `the guardian of the node ended with ${child.exitCode}`);
  }
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
  return {
    pid: word.pid,
    guardianPid: child.pid ?? 0,
    keep: () => void child.stdin.write('keep\n'),
    async close({ keepLogs = false } = {}) {
      child.ref();
      child.stdin.end(keepLogs ? 'keep-logs\n' : '');
      await exited;
      const last = words.at(-1);
      if (last?.said !== 'cleared') throw new Error('the guardian of the node ended before it had cleared away');
      if (last.problems.length > 0)
        throw new Error(`not everything could be cleared away: ${last.problems.join('; ')}`);
    },
  };
}
