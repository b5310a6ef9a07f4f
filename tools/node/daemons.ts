/** Long-running programs inside the node's namespaces. They need no stop: they end with the namespaces. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inside } from './namespaces.ts';
import { childOf } from './processes.ts';

const PATIENCE_MS = 180_000;

export interface Daemon {
  readonly name: string;
  /** As the machine numbers it; undefined when it ended. */
  readonly pid: () => number | undefined;
  /** Null while it runs; then its exit code, or 128 after a signal. */
  readonly exited: () => number | null;
  readonly logPath: string;
}

export interface Daemons {
  start(name: string, command: readonly string[], env?: Readonly<Record<string, string>>): Daemon;
  /** Name of each → its pid on the machine; without those that ended. */
  pids(): Readonly<Record<string, number>>;
}

/** Starts programs in the namespaces of process `pid`, with output appended to `<logs>/<name>.log`. */
export function daemonsIn(pid: number, logs: string): Daemons {
  const started: Daemon[] = [];
  return {
    start(name, command, env = {}) {
      const logPath = join(logs, `${name}.log`);
      const log = openSync(logPath, 'a');
      const [enter = '', ...args] = inside(pid, command);
      const child = spawn(enter, args, {
        cwd: '/',
        env: { ...process.env, ...env },
        detached: true, // A Ctrl-C is for the test run; the guardian ends these.
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      child.unref();
      child.on('error', () => undefined); // Shows as an exit below.
      const daemon: Daemon = {
        name,
        logPath,
        pid: () => (child.pid === undefined ? undefined : childOf(child.pid)),
        exited: () => (child.pid === undefined ? 127 : (child.exitCode ?? (child.signalCode === null ? null : 128))),
      };
      started.push(daemon);
      return daemon;
    },
    pids: () => Object.fromEntries(started.map(({ name, pid }) => [name, pid()] as const).filter(hasPid)),
  };
}

const hasPid = (entry: readonly [string, number | undefined]): entry is readonly [string, number] =>
  entry[1] !== undefined;

/** Waits until it answers. The limit is far more than any start takes; it only ends what would hang. */
export async function untilAnswers(daemon: Daemon, answers: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await answers().catch(() => false))) {
    const code = daemon.exited();
    if (code === null && Date.now() < deadline) {
      await sleep(50);
      continue;
    }
    const what = code === null ? `did not answer within ${PATIENCE_MS / 1000} s` : `ended with code ${code}`;
    throw new Error(`${daemon.name} ${what}; its last lines:\n${logTail(daemon.logPath)}`);
  }
}

export function logTail(path: string, lines = 20): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
