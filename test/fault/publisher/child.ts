import { execSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { sharedLease } from '../../../src/kpt/publisher/lease.ts';
import type { Call } from '../../../src/kpt/publisher/messages.ts';
import { writerOn } from '../../support/package-root.ts';

/**
 * A publisher core in a process of its own, for tests that stop, kill or starve it. Runs its steps in order and prints one
 * JSON line for each: `{answers}`, `{shell}`, or `{stopped}` right before it stops itself at a failpoint.
 */
export interface Script {
  readonly root: string;
  readonly steps: readonly Step[];
  /** Stop (SIGSTOP) or die (SIGKILL) at the nth time that a failpoint is reached; without `point` all points count. */
  readonly at?: { readonly point?: string; readonly nth: number; readonly signal: 'SIGSTOP' | 'SIGKILL' };
  /** Milliseconds from the start of the first step; absent: no end. */
  readonly leaseMs?: number;
  readonly minFreeBytes?: number;
}

export type Step = { readonly calls: readonly Call[] } | { readonly shell: string };

export interface Line {
  readonly answers?: readonly {
    readonly ok: boolean;
    readonly value?: unknown;
    readonly failure?: { readonly reason: string; readonly message: string };
  }[];
  readonly shell?: string;
  readonly stopped?: string;
  readonly reached?: number;
  readonly notes?: readonly string[];
}

function say(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function main(script: Script): void {
  let reached = 0;
  const lease = sharedLease();
  const forever = 2n ** 62n;
  lease.extend(script.leaseMs === undefined ? forever : process.hrtime.bigint() + BigInt(script.leaseMs) * 1_000_000n);
  const reach = (point: string): void => {
    if (script.at?.point !== undefined && script.at.point !== point) return;
    reached += 1;
    if (script.at?.nth !== reached) return;
    say({ stopped: point });
    process.kill(process.pid, script.at.signal);
  };
  const writer = writerOn(script.root, { lease, reach, minFreeBytes: script.minFreeBytes ?? 0 });
  for (const step of script.steps) {
    if ('shell' in step) say({ shell: execSync(step.shell, { encoding: 'utf8', cwd: '/' }) });
    else {
      const answers = writer.run(...step.calls);
      say({ answers, notes: writer.notes.splice(0).map(({ message }) => message) });
    }
  }
  say({ reached });
}

main(JSON.parse(process.argv[2] ?? '{}') as Script);
