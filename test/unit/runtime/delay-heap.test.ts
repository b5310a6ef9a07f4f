import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Delayed, DelayHeap } from '../../../src/runtime/delay-heap.ts';
import { DelayTimer } from '../../../src/runtime/delay-timer.ts';
import { ManualClock } from '../../support/clock.ts';

interface Entry extends Delayed {
  readonly name: number;
}

const entries = (count = 12): Entry[] => Array.from({ length: count }, (_, name) => ({ name, due: 0, slot: -1 }));
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), name: fc.nat(23), due: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), name: fc.nat(23) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pop' as const), now: fc.nat(50) }) },
);

test('the heap gives entries in the order of their times, through pushes, moves and removals', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
      const all = entries(24);
      const heap = new DelayHeap<Entry>();
      const model = new Map<number, number>();
      for (const one of steps) {
        if (one.do === 'push') {
          heap.push(all[one.name] as Entry, one.due);
          model.set(one.name, one.due);
        } else if (one.do === 'remove') {
          heap.remove(all[one.name] as Entry);
          model.delete(one.name);
        } else {
          const popped = heap.popDue(one.now);
          const earliest = Math.min(...model.values());
          if (earliest > one.now) expect(popped).toBeUndefined();
          else {
            expect(popped?.due).toBe(earliest);
            expect(model.get(popped?.name ?? -1)).toBe(earliest);
            model.delete(popped?.name ?? -1);
          }
        }
        expect(heap.size).toBe(model.size);
        expect(heap.peek()?.due ?? Number.POSITIVE_INFINITY).toBe(Math.min(...model.values()));
      }
    }),
    { numRuns: 200 },
  );
});

test('any number of delayed entries need one timer', async () => {
  const clock = new ManualClock();
  const due: number[] = [];
  const timer = new DelayTimer<Entry>(clock, (entry) => due.push(entry.name));
  for (const entry of entries()) timer.set(entry, 100 + ((entry.name * 7) % 12));
  expect(clock.pending).toBe(1);
  await clock.advance(99);
  expect(due).toEqual([]);
  await clock.advance(20);
  expect(due).toEqual([0, 7, 2, 9, 4, 11, 6, 1, 8, 3, 10, 5]);
  expect(clock.pending).toBe(0);
});

test('a delay longer than a timer can be comes due at its time, not at once', async () => {
  const clock = new ManualClock();
  const due: number[] = [];
  const timer = new DelayTimer<Entry>(clock, (entry) => due.push(entry.name));
  const [entry] = entries() as [Entry];
  const month = 30 * 24 * 3_600_000;
  timer.set(entry, month);
  expect(clock.untilNext).toBeLessThan(2 ** 31);
  await clock.advance(month - 1);
  expect(due).toEqual([]);
  await clock.advance(1);
  expect(due).toEqual([0]);
});

test('a cleared timer fires no more', async () => {
  const clock = new ManualClock();
  const timer = new DelayTimer<Entry>(clock, () => expect.unreachable());
  for (const entry of entries()) timer.set(entry, 10);
  timer.clear();
  expect(clock.pending).toBe(0);
  await clock.advance(100);
});
