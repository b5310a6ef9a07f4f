import { expect, test } from 'vitest';
import { WorkQueue } from '../../../src/runtime/queue.ts';
import { startResync } from '../../../src/runtime/resync.ts';
import { ManualClock } from '../../support/clock.ts';
import { seededRandom } from '../../support/random.ts';

const MINUTE = 60_000;

function setUp(keys: string[], seed = 1, intervalMs = 10 * MINUTE) {
  const clock = new ManualClock();
  const added: { key: string; at: number }[] = [];
  const lanes = new Set<boolean | undefined>();
  const stop = startResync({
    intervalMs,
    clock,
    random: seededRandom(seed),
    keys: () => keys,
    queue: {
      add: (key, options) => {
        added.push({ key, at: clock.monotonic() });
        lanes.add(options?.low);
      },
    },
  });
  return { clock, added, lanes, stop };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `shop/web-${n}`);

test('each key comes up once in every interval, at the same distance each time', async () => {
  const keys = names(200);
  const { clock, added } = setUp(keys);
  await clock.advance(30 * MINUTE);
  for (const key of keys) {
    const times = added.filter((one) => one.key === key).map(({ at }) => at);
    expect(times.length).toBe(3);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeCloseTo(10 * MINUTE);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeCloseTo(10 * MINUTE);
  }
});

test('the keys are spread over the interval, in the low lane', async () => {
  const { clock, added, lanes } = setUp(names(5000));
  await clock.advance(10 * MINUTE);
  const perStep = new Map<number, number>();
  for (const { at } of added) perStep.set(at, (perStep.get(at) ?? 0) + 1);
  expect(perStep.size).toBe(100);
  expect(Math.max(...perStep.values())).toBeLessThan(100);
  expect([...lanes]).toEqual([true]);
});

test('two processes do not march in step', async () => {
  const first = setUp(names(100), 1);
  const second = setUp(names(100), 2);
  await first.clock.advance(10 * MINUTE);
  await second.clock.advance(10 * MINUTE);
  const at = new Map(first.added.map(({ key, at }) => [key, at]));
  expect(second.added.filter((one) => at.get(one.key) === one.at).length).toBeLessThan(20);
});

test('a key that went is left alone, and one that came is included', async () => {
  const keys = ['shop/old'];
  const { clock, added } = setUp(keys);
  keys.splice(0, 1, 'shop/new');
  await clock.advance(10 * MINUTE);
  expect(added.map(({ key }) => key)).toEqual(['shop/new']);
});

test('a stopped resync adds nothing more, and an interval of 0 means none', async () => {
  const { clock, added, stop } = setUp(names(10));
  stop();
  const none = setUp(names(10), 1, 0);
  await clock.advance(20 * MINUTE);
  await none.clock.advance(20 * MINUTE);
  expect([added, none.added, clock.pending, none.clock.pending]).toEqual([[], [], 0, 0]);
});

test('it works on the real queue', async () => {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, random: seededRandom(1) });
  startResync({ intervalMs: MINUTE, clock, random: seededRandom(1), keys: () => names(7), queue });
  await clock.advance(MINUTE);
  expect(queue.length).toBe(7);
});
