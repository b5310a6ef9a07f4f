import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import type { WorkQueue } from './queue.ts';

export interface ResyncOptions {
  /** Each key comes up once per so many milliseconds. At or below 0 there is no resync. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** The keys that exist now. */
  readonly keys: () => Iterable<string>;
  readonly queue: Pick<WorkQueue, 'add'>;
}

/** One interval is walked in so many steps: a wake-up every 6 s at ten minutes. */
const STEPS = 100;

/**
 * Puts each key into the low lane of the queue once per interval. A key has its own step of the interval, drawn from
 * its name and a number of this process: so a resync is a trickle, no key waits longer than one interval, and replicas
 * do not march in step. Returns the stop.
 */
export function startResync(options: ResyncOptions): () => void {
  if (!(options.intervalMs > 0)) return () => {};
  const salt = Math.floor(options.random.fraction() * 0x1_0000_0000);
  let step = 0;
  let cancel = options.clock.after(options.intervalMs / STEPS, tick);

  function tick(): void {
    for (const key of options.keys()) if (stepOf(key, salt) === step) options.queue.add(key, { low: true });
    step = (step + 1) % STEPS;
    cancel = options.clock.after(options.intervalMs / STEPS, tick);
  }

  return () => cancel();
}

/** FNV-1a over the key, seeded with the salt, mixed so that the remainder depends on every bit. */
function stepOf(key: string, salt: number): number {
  let hash = (0x811c9dc5 ^ salt) >>> 0;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  return ((hash ^ (hash >>> 13)) >>> 0) % STEPS;
}
