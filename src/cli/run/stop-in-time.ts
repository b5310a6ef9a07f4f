import type { Clock } from '../../platform/clock.ts';

/** Below the 30 s that Kubernetes gives a pod by default. */
export const STOP_LIMIT_MS = 27_000;

/**
 * Waits for a stop, but not for ever: `late` when a hung disk or server holds it up past the limit. What is half done then is
 * found at the next start.
 */
export async function stopInTime(stopped: Promise<void>, clock: Pick<Clock, 'after'>): Promise<'stopped' | 'late'> {
  const late = Promise.withResolvers<'late'>();
  const cancel = clock.after(STOP_LIMIT_MS, () => late.resolve('late'));
  try {
    return await Promise.race([stopped.then(() => 'stopped' as const), late.promise]);
  } finally {
    cancel();
  }
}
