/** Settles as `work` does, or rejects with the signal's reason as soon as it is aborted, whether or not `work` settles. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const abort = abortableBy(signal);
  return abort.race(work).finally(() => abort.release());
}

export interface AbortRace {
  /** Settles as `work` does, or rejects when the signal is aborted first. One at a time. */
  race<T>(work: Promise<T>): Promise<T>;
  release(): void;
}

/**
 * `abortable` for many promises one after the other: one listener for all of them. (`Promise.race` against one long
 * promise would keep a reaction of every round alive.)
 */
export function abortableBy(signal: AbortSignal): AbortRace {
  let rejectPresent: (reason: unknown) => void = () => {};
  const onAbort = (): void => rejectPresent(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    race: (work) =>
      new Promise((resolve, reject) => {
        rejectPresent = reject;
        work.then(resolve, reject);
        if (signal.aborted) reject(signal.reason);
      }),
    release: () => signal.removeEventListener('abort', onAbort),
  };
}
