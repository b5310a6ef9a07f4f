import { expect, test } from 'vitest';
import { STOP_LIMIT_MS, stopInTime } from '../../../../src/cli/run/stop-in-time.ts';
import { ManualClock } from '../../../support/clock.ts';

test('a stop that hangs is given up at the limit, and not before', async () => {
  const clock = new ManualClock();
  let end: string | undefined;
  const waiting = stopInTime(new Promise(() => {}), clock).then((how) => {
    end = how;
  });
  await clock.advance(STOP_LIMIT_MS - 1);
  expect(end).toBeUndefined();
  await clock.advance(1);
  await waiting;
  expect(end).toBe('late');
});

test('a stop that ends is not waited for any longer, and one that fails tells so', async () => {
  const clock = new ManualClock();
  expect(await stopInTime(Promise.resolve(), clock)).toBe('stopped');
  await expect(stopInTime(Promise.reject(new Error('broken')), clock)).rejects.toThrow('broken');
});
