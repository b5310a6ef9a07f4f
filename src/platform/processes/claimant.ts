import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process, so exactly that a later process with the same pid is told apart. */
export interface Claimant {
  readonly host: string;
  /** Changes at each boot of the machine; empty where the system does not tell. */
  readonly bootId: string;
  readonly pid: number;
  /** Clock ticks after boot at which the process started (proc(5), field 22); empty where the system does not tell. */
  readonly startTime: string;
}

/** This process. */
export function currentClaimant(): Claimant {
  return Object.freeze({
    host: hostname(),
    bootId: readOrEmpty('/proc/sys/kernel/random/boot_id').trim(),
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
  });
}

/**
 * True only when `owner` ran on this host in this boot and its pid is gone or belongs to a later process. Another
 * host, another boot or missing facts prove nothing: the answer is false.
 */
export function provablyDead(owner: Claimant, here: Claimant): boolean {
  if (owner.host !== here.host || owner.bootId !== here.bootId || here.bootId === '') return false;
  const startTime = startTimeOf(owner.pid);
  return startTime === undefined || (owner.startTime !== '' && startTime !== owner.startTime);
}

/** True when both name the same process. */
export function sameClaimant(one: Claimant, other: Claimant): boolean {
  return (
    one.host === other.host &&
    one.bootId === other.bootId &&
    one.pid === other.pid &&
    one.startTime === other.startTime &&
    one.startTime !== ''
  );
}

/** undefined when there is no such process (a zombie counts as none: it can't write any more). */
function startTimeOf(pid: number): string | undefined {
  // The command name, in parentheses, may itself hold spaces and parentheses.
  const fields = readOrEmpty(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  const state = fields[0] ?? '';
  return fields.length < 20 || state === 'Z' || state === 'X' ? undefined : fields[19];
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
