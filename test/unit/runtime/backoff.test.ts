import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffCeilingMs, backoffMs } from '../../../src/runtime/backoff.ts';
import { seededRandom } from '../../support/random.ts';

const bounds = { baseMs: 5, maxMs: 1_000_000 };

test('the ceiling doubles with each failure, from the base to the maximum, whatever the count', () => {
  expect([0, 1, 2, 10].map((failures) => backoffCeilingMs(failures, bounds))).toEqual([5, 10, 20, 5120]);
  expect([18, 100, 1e6].map((failures) => backoffCeilingMs(failures, bounds))).toEqual([
    1_000_000, 1_000_000, 1_000_000,
  ]);
});

test('a delay lies between the base and the ceiling', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(), (failures, seed) => {
      const ms = backoffMs(failures, bounds, seededRandom(seed));
      expect(ms).toBeGreaterThanOrEqual(5);
      expect(ms).toBeLessThanOrEqual(backoffCeilingMs(failures, bounds));
    }),
  );
});

test('keys that failed together come back spread over the whole range', () => {
  const random = seededRandom(1);
  const delays = Array.from({ length: 2000 }, () => backoffMs(10, bounds, random));
  const inQuarter = (n: number): number => delays.filter((ms) => Math.min(3, Math.floor((ms / 5120) * 4)) === n).length;
  for (const quarter of [0, 1, 2, 3]) expect(inQuarter(quarter)).toBeGreaterThan(400);
});
