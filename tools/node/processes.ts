/** What `/proc` says about processes. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Its short name, at most 15 characters. */
  readonly name: string;
  readonly command: string;
  readonly dead: boolean;
}

/** All that run now. */
export function processes(): Process[] {
  return readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? (processOf(Number(entry)) ?? []) : []));
}

/** Undefined when there is none. */
export function processOf(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    const [state, parent] = stat.slice(end + 2).split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    const name = stat.slice(stat.indexOf('(') + 1, end);
    return { pid, parent: Number(parent), name, command, dead: state === 'Z' || state === 'X' };
  } catch {
    return undefined;
  }
}

/** The oldest child of a process. */
export function childOf(pid: number): number | undefined {
  return processes().find(({ parent }) => parent === pid)?.pid;
}

/** Names a namespace of a process, such as `mnt:[4026532211]`; empty when the process is gone. */
export function namespaceOf(pid: number, kind: 'mnt' | 'net' | 'pid'): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return '';
  }
}

/** Resident memory in bytes; 0 when the process is gone. */
export function residentBytes(pid: number): number {
  try {
    const kilobytes = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
