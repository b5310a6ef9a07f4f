import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silentLog } from '../../../src/platform/log.ts';
import { type Result, startController } from '../../../src/runtime/controller.ts';
import { WorkQueue } from '../../../src/runtime/queue.ts';
import { ManualClock } from '../../support/clock.ts';
import { seededRandom } from '../../support/random.ts';

const KEYS = ['a', 'b', 'c'];
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('add' as const), key: fc.constantFrom(...KEYS) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 50, 100, 150) }) },
);

/** How the runs of one schedule end: in order, whatever their key. */
const ending = fc.constantFrom<'done' | 'backoff' | 'throw' | 'after'>('done', 'backoff', 'throw', 'after');

test('in every schedule of adds, runs, throws and overruns: one run per key, at most so many workers, no change unseen', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.array(ending, { maxLength: 40, size: 'max' }),
      async (s, steps, endings) => {
        const clock = new ManualClock();
        const queue = new WorkQueue({ clock, random: seededRandom(5), maxDelayMs: 100 });
        /** The world: a version per key that each add raises, and the version that the last run of the key began with. */
        const world = new Map(KEYS.map((key) => [key, 0]));
        const seen = new Map(KEYS.map((key) => [key, 0]));
        const underWay = new Set<string>();
        const overdue = new Set<string>();
        const controller = startController({
          name: 'model',
          queue,
          workers: 2,
          deadlineMs: 120,
          clock,
          log: silentLog,
          reconcile: async (key, { signal }): Promise<Result> => {
            expect(underWay.has(key)).toBe(false);
            underWay.add(key);
            signal.addEventListener('abort', () => overdue.add(key));
            expect(underWay.size - overdue.size).toBeLessThanOrEqual(2);
            seen.set(key, world.get(key) ?? 0);
            await s.schedule(Promise.resolve(), `${key} reads`);
            await s.schedule(Promise.resolve(), `${key} writes`);
            underWay.delete(key);
            overdue.delete(key);
            const end = endings.shift() ?? 'done';
            if (end === 'throw') throw new Error('boom');
            return end === 'after' ? { next: 'after', ms: 30 } : { next: end };
          },
          onFailure: async (key): Promise<Result> => {
            await s.schedule(Promise.resolve(), `${key} tells`);
            return { next: 'backoff' };
          },
        });
        for (const one of steps) {
          if (one.do === 'add') {
            world.set(one.key, (world.get(one.key) ?? 0) + 1);
            queue.add(one.key);
          } else if (one.do === 'wait') await clock.advance(one.ms);
          else if (s.count() > 0) await s.waitOne();
          await Promise.resolve();
        }
        for (let quiet = 0; quiet < 3; quiet = s.count() === 0 ? quiet + 1 : 0) {
          while (s.count() > 0) await s.waitOne();
          await clock.advance(150);
        }
        expect(seen).toEqual(world);
        expect(underWay.size).toBe(0);
        expect(controller.health()).toEqual({ active: 0, overdue: [] });
        expect(await controller.stop()).toEqual({ drained: true });
        expect(queue.known).toBe(0);
        expect(clock.pending).toBe(0);
      },
    ),
    { numRuns: 150 },
  );
});
