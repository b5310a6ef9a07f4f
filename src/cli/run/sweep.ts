import type { Publisher } from '../../kpt/publisher/publisher.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';

const MINUTE_MS = 60_000;

export interface SweepOptions {
  readonly publisher: Pick<Publisher, 'sweep'>;
  readonly graceMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sweeps unused store entries several times per grace, at least every quarter of an hour. Returns the stop. */
export function startSweep({ publisher, graceMs, clock, log }: SweepOptions): () => void {
  const every = Math.min(15 * MINUTE_MS, Math.max(1_000, graceMs / 4));
  let stopped = false;
  let cancel = (): void => {};
  const run = async (): Promise<void> => {
    try {
      const { removed } = await publisher.sweep(graceMs);
      if (removed > 0) log.info({ removed }, 'unused package content removed');
    } catch (error) {
      log.warn({ error }, 'sweep failed');
    }
    if (!stopped) cancel = clock.after(every, () => void run());
  };
  cancel = clock.after(0, () => void run());
  return () => {
    stopped = true;
    cancel();
  };
}
