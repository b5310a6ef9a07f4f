import { failed } from './failures.ts';

/** A lease without an end: no election, or a one-shot command. */
export const ENDLESS = 2n ** 62n;

/** The lease deadline in shared memory: written by the main thread, read by the publisher thread before each rename. */
export interface Lease {
  /** Monotonic nanoseconds (process.hrtime) after which nothing may be renamed; 0n while no lease is held. */
  deadline(): bigint;
  extend(monotonicNs: bigint): void;
  readonly memory: SharedArrayBuffer;
}

export function sharedLease(memory: SharedArrayBuffer = new SharedArrayBuffer(8)): Lease {
  const cell = new BigInt64Array(memory);
  return Object.freeze({
    memory,
    deadline: () => Atomics.load(cell, 0),
    extend: (monotonicNs: bigint) => void Atomics.store(cell, 0, monotonicNs),
  });
}

export function isOver(lease: Lease): boolean {
  return process.hrtime.bigint() >= lease.deadline();
}

/** Throws Cancelled LeadershipLost past the deadline. */
export function assertLease(lease: Lease): void {
  if (!isOver(lease)) return;
  throw failed('LeadershipLost', 'the lease ran out before the change was made; nothing was changed');
}
