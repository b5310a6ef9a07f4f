/**
 * Until when this process may write. The elector states the deadline on the monotonic clock of the main thread; the publisher
 * thread needs it as process-wide nanoseconds.
 */
export interface WriteDeadline {
  /** Milliseconds of `clock.monotonic()`; Infinity without leader election. */
  set(monotonicMs: number): void;
  mayWrite(): boolean;
}

export interface DeadlineOptions {
  readonly monotonic: () => number;
  readonly hrtime: () => bigint;
  readonly tell: (nanoseconds: bigint) => void;
}

/** Later than any time a process can live to see, and safe to add to. */
const FOREVER = 2n ** 62n;

export function createWriteDeadline({ monotonic, hrtime, tell }: DeadlineOptions): WriteDeadline {
  let deadline = 0;
  return {
    set(ms) {
      deadline = ms;
      if (ms === Number.POSITIVE_INFINITY) return tell(FOREVER);
      const left = BigInt(Math.floor((ms - monotonic()) * 1e6));
      tell(left <= 0n ? 0n : hrtime() + left);
    },
    mayWrite: () => monotonic() < deadline,
  };
}
