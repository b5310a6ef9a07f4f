import { expect, test } from 'vitest';
import { TokenBuckets } from '../../../src/runtime/events-pace.ts';
import { ManualClock } from '../../support/clock.ts';

function takeAll(buckets: TokenBuckets, key: string): number {
  let taken = 0;
  for (; buckets.has(key); taken += 1) buckets.take(key);
  return taken;
}

test('a key gets its burst at once and its rate afterwards, and never saves up more than a burst', async () => {
  const clock = new ManualClock();
  const buckets = new TokenBuckets(clock, { burst: 5, perSecond: 2 }, 10);
  expect(takeAll(buckets, 'a')).toBe(5);
  await clock.advance(1500);
  expect(takeAll(buckets, 'a')).toBe(3);
  await clock.advance(3_600_000);
  expect(takeAll(buckets, 'a')).toBe(5);
});

test('each key has a bucket of its own', () => {
  const buckets = new TokenBuckets(new ManualClock(), { burst: 2, perSecond: 1 }, 10);
  expect([takeAll(buckets, 'a'), takeAll(buckets, 'b')]).toEqual([2, 2]);
});

test('beyond the capacity the key that rested longest is forgotten, not the busy one', () => {
  const buckets = new TokenBuckets(new ManualClock(), { burst: 6, perSecond: 0 }, 3);
  buckets.take('busy');
  for (const other of ['a', 'b', 'c', 'd', 'e']) {
    buckets.take(other);
    if (buckets.has('busy')) buckets.take('busy');
  }
  expect(buckets.has('busy')).toBe(false);
  expect(takeAll(buckets, 'a')).toBe(6);
});
