/**
 * Children that never outlive their parent, even when the parent is killed with SIGKILL.
 *
 * A small shell waits at the far end of a pipe. When the pipe closes (orderly stop or sudden death alike) it kills every
 * child that is written down in `<dir>/pids` and removes the folder. Each child writes down its own pid before it becomes
 * the program, and gives up if the guardian has already begun to clear away, so none can slip through in between.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const WATCH = `
mode=remove
while read -r line; do mode=$line; done
: > "$1/closed"
for file in "$1"/pids/*; do
  [ -f "$file" ] || continue
  read -r pid < "$file" && kill -9 "$pid" 2>/dev/null
done
[ "$mode" = keep ] || { sleep 0.1; rm -rf "$1" || { sleep 1; rm -rf "$1"; }; }
`;
const BECOME = `
echo $$ > "$1/pids/$$"
[ -e "$1/closed" ] && exit 1
shift
exec "$@"
`;

export interface Child {
  readonly pid: number;
  /** Null while it runs; then its exit code, or 128 + signal as a shell would say. */
  readonly exited: () => number | null;
  /** Resolves when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface Guardian {
  /** Starts a program with output appended to `<dir>/<name>.log`. */
  start(name: string, command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Child;
  /** Kills what is left and resolves once it is gone; removes the folder unless told to keep it. */
  close(options?: { readonly keep?: boolean }): Promise<void>;
}

/** Watches over the children whose files live in `dir`. The folder belongs to the guardian from here on. */
export function guard(dir: string): Guardian {
  mkdirSync(join(dir, 'pids'));
  const watcher = spawn('/bin/sh', ['-c', WATCH, 'guardian', dir], {
    cwd: '/',
    detached: true, // Ctrl-C in a terminal reaches the whole foreground group; the guardian must outlive it.
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const gone = once(watcher, 'exit');
  watcher.stdin.on('error', () => undefined);
  unref(watcher);
  const children = new Set<Child>();
  return {
    start(name, command, args, env) {
      const child = startChild(dir, name, [command, ...args], env);
      children.add(child);
      return child;
    },
    async close({ keep = false } = {}) {
      await Promise.all([...children].map((child) => child.kill('SIGKILL')));
      watcher.ref();
      watcher.stdin.end(keep ? 'keep\n' : '');
      await gone;
    },
  };
}

function startChild(
  dir: string,
  name: string,
  command: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Child {
  const log = openSync(join(dir, `${name}.log`), 'a');
  const child = spawn('/bin/sh', ['-c', BECOME, name, dir, ...command], {
    cwd: dir,
    env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${name} could not be started: /bin/sh is missing`);
  unref(child);
  const gone = once(child, 'exit').then(() => rmSync(join(dir, 'pids', String(pid)), { force: true }));
  return {
    pid,
    exited: () => child.exitCode ?? (child.signalCode === null ? null : 128),
    async kill(signal = 'SIGKILL') {
      if (child.exitCode !== null || child.signalCode !== null) return gone;
      child.ref();
      child.kill(signal);
      await gone;
    },
  };
}

/** Lets this process end by itself although the child runs: the guardian clears away then. */
function unref(child: ChildProcess): void {
  child.unref();
  const stdin = child.stdin as { unref?: () => void } | null;
  stdin?.unref?.();
}
