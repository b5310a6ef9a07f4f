import type { Clock } from '../../platform/clock.ts';
import type { Random } from '../../platform/random.ts';

export interface Interval {
  readonly ms: number;
  readonly clock: Clock;
  readonly random: Pick<Random, 'fraction'>;
}

/** Runs `job` again and again, each time after the interval and up to a fifth more. Returns the stop. */
export function every({ ms, clock, random }: Interval, job: () => void): () => void {
  let cancel = (): void => {};
  const arm = (): void => {
    cancel = clock.after(ms * (1 + random.fraction() / 5), () => {
      job();
      arm();
    });
  };
  arm();
  return () => cancel();
}
