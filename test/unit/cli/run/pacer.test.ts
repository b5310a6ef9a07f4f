import { expect, test } from 'vitest';
import { createPacer } from '../../../../src/cli/run/pacer.ts';
import { ManualClock } from '../../../support/clock.ts';

test('a burst goes at once, the others at the rate, each asking no more than twice', async () => {
  const clock = new ManualClock();
  const pacer = createPacer(clock, 10, 5);
  const waits = Array.from({ length: 25 }, (_, i) => pacer.take(`k${i}`));
  expect(waits.filter((ms) => ms === 0)).toHaveLength(5);
  expect(waits.slice(5)).toEqual(Array.from({ length: 20 }, (_, i) => (i + 1) * 100));
  await clock.advance(1_000);
  const second = Array.from({ length: 20 }, (_, i) => pacer.take(`k${i + 5}`));
  expect(second.filter((ms) => ms === 0)).toHaveLength(10);
});

test('places that nobody took do not add up beyond the burst', async () => {
  const clock = new ManualClock();
  const pacer = createPacer(clock, 10, 5);
  await clock.advance(60_000);
  expect(Array.from({ length: 7 }, (_, i) => pacer.take(`k${i}`)).filter((ms) => ms === 0)).toHaveLength(6);
});
