import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Line, Script } from './child.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/** A publisher in a process of its own, told apart by what it prints. */
export interface Running {
  readonly pid: number;
  /** The next line; undefined when the process has ended. */
  line(): Promise<Line | undefined>;
  /** Lets a stopped process go on. */
  resume(): void;
  /** All lines that are left, after the process ended. */
  rest(): Promise<readonly Line[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts the child; `before` is what stands in front of it on the command line (strace, unshare, setpriv). */
export function startChild(script: Script, before: readonly string[] = []): Running {
  const [command, ...rest] = [...before, process.execPath, '--no-warnings', CHILD, JSON.stringify(script)];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  return running(child);
}

export async function runChild(script: Script, before: readonly string[] = []): Promise<readonly Line[]> {
  await using child = startChild(script, before);
  return await child.rest();
}

function running(child: ChildProcess): Running {
  const lines = linesOf(child);
  const line = async (): Promise<Line | undefined> => {
    const next = await lines.next();
    return next.done === true ? undefined : (JSON.parse(next.value) as Line);
  };
  const ended = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    line,
    resume: () => void child.kill('SIGCONT'),
    rest: async () => {
      const all: Line[] = [];
      for (let next = await line(); next !== undefined; next = await line()) all.push(next);
      return all;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function* linesOf(child: ChildProcess): AsyncGenerator<string> {
  let text = '';
  for await (const piece of child.stdout ?? []) {
    text += String(piece);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}

/** The reason of each answer of a line, or `ok`. */
export function reasonsOf(line: Line | undefined): readonly string[] {
  return (line?.answers ?? []).map((answer) => (answer.ok ? 'ok' : (answer.failure?.reason ?? '?')));
}

/** Why a command can't be used here, or undefined when it can. Printed by the tests that are skipped for it. */
export function missing(command: string, ...probe: readonly string[]): string | undefined {
  const tried = spawnSync(command, probe, { encoding: 'utf8' });
  const problem = tried.error?.message ?? (tried.status === 0 ? undefined : tried.stderr.trim());
  if (problem !== undefined) console.warn(`skipped: ${command} can't be used here: ${problem}`);
  return problem;
}
