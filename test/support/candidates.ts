import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ElectorProcessArguments, ElectorProcessLine } from './elector-process.ts';

const PROGRAM = fileURLToPath(new URL('./elector-process.ts', import.meta.url));

export interface CandidateProcess {
  readonly identity: string;
  readonly lines: ElectorProcessLine[];
  /** How often it said this. */
  said(what: ElectorProcessLine['what']): number;
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGKILL'): void;
  ended(): Promise<void>;
}

/** Starts a candidate; its lines are collected as they come. */
export function startCandidate(options: ElectorProcessArguments): CandidateProcess {
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const lines: ElectorProcessLine[] = [];
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as ElectorProcessLine));
  }
  return {
    identity: options.identity,
    lines,
    said: (what) => lines.filter((line) => line.what === what).length,
    signal: (name) => {
      child.kill(name);
    },
    ended: async () => {
      await exit;
    },
  };
}

/** The moments at which two candidates both led, as pairs of identities; empty where there was one leader at a time. */
export function overlaps(candidates: readonly CandidateProcess[]): string[] {
  const beats = candidates
    .flatMap(({ identity, lines }) =>
      lines.filter(({ what }) => what === 'beat').map(({ at }) => ({ identity, at: BigInt(at) })),
    )
    .toSorted((a, b) => (a.at < b.at ? -1 : 1));
  // Each process leads once, so the terms are apart exactly if the leader changes at most once per process.
  const changes = beats.flatMap((beat, n) => {
    const before = beats[n - 1];
    return before === undefined || before.identity === beat.identity ? [] : [`${before.identity} → ${beat.identity}`];
  });
  const led = new Set(beats.map(({ identity }) => identity)).size;
  return changes.length > Math.max(0, led - 1) ? changes : [];
}

/** Who led within the last half second. */
export function leadingNow(candidates: readonly CandidateProcess[]): string[] {
  const since = process.hrtime.bigint() - 500_000_000n;
  const leads = ({ lines }: CandidateProcess): boolean => {
    const last = lines.findLast(({ what }) => what === 'beat');
    return last !== undefined && BigInt(last.at) > since;
  };
  return candidates.filter(leads).map(({ identity }) => identity);
}
