import { spawn } from 'node:child_process';
import type { Plan, Step } from './plan.ts';

export interface CarryOutOptions {
  /** The path of each program. */
  readonly programs: Readonly<Record<Step['program'], string>>;
  readonly cwd: string;
  readonly say: (text: string) => void;
  /** Ends the step that runs; the cluster is deleted all the same. */
  readonly signal: AbortSignal;
  /** Leave the cluster up. */
  readonly keep?: boolean;
}

/**
 * Carries the steps out, one after the other, up to the first that fails; then looks for the reason, and deletes the cluster. True when
 * every step worked, the deletion included.
 */
export async function carryOut({ steps, diagnosis, removal }: Plan, options: CarryOutOptions): Promise<boolean> {
  const { say, signal, keep = false } = options;
  let worked = true;
  try {
    for (const step of steps) {
      worked = !signal.aborted && (await run(step, options, signal));
      if (!worked) break;
    }
    if (!worked && !signal.aborted) for (const step of diagnosis) await run(step, options, signal);
  } finally {
    if (keep) say(`The cluster stays; delete it by: kind ${removal.args.join(' ')}`);
    else worked = (await run(removal, options)) && worked;
  }
  return worked;
}

function run({ title, program, args }: Step, options: CarryOutOptions, signal?: AbortSignal): Promise<boolean> {
  const { programs, cwd, say } = options;
  say(`\n== ${title}\n$ ${program} ${args.join(' ')}`);
  return new Promise((resolve) => {
    // A group of its own: Ctrl-C in the terminal shall not end the deletion, and ends what a step started as well.
    const child = spawn(programs[program], [...args], { cwd, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    const end = (): void => void (child.pid !== undefined && process.kill(-child.pid, 'SIGTERM'));
    signal?.addEventListener('abort', end, { once: true });
    const done = (worked: boolean): void => {
      signal?.removeEventListener('abort', end);
      resolve(worked);
    };
    child.once('error', (error) => {
      say(`${program}: ${error.message}`);
      done(false);
    });
    child.once('exit', (code) => done(code === 0));
  });
}
