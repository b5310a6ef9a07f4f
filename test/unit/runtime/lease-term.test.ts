import { expect, test } from 'vitest';
import type { Lease, LeaseSpec } from '../../../src/runtime/lease.ts';
import { LeaseTerm } from '../../../src/runtime/lease-term.ts';

const lease = (spec?: LeaseSpec): Lease => ({
  metadata: { name: 'x', namespace: 'x' },
  ...(spec === undefined ? {} : { spec }),
});
const held = (renewTime: string, leaseDurationSeconds = 15): Lease =>
  lease({ holderIdentity: 'other', leaseDurationSeconds, renewTime });
const emptied = (renewTime: string): Lease => lease({ holderIdentity: '', leaseDurationSeconds: 15, renewTime });
const term = (): LeaseTerm => new LeaseTerm('us', 15_000);

test('a lease that was never seen held is free', () => {
  const one = term();
  expect(one.freeAt).toBeLessThan(0);
  for (const seen of [undefined, lease(), lease({}), emptied('a')]) {
    one.observe(seen, 1000);
    expect(one.freeAt).toBeLessThanOrEqual(1000);
  }
});

test('a term lasts one duration from the moment at which the record was seen to change', () => {
  const one = term();
  one.observe(held('a'), 1000);
  one.observe(held('a'), 9000);
  expect(one.freeAt).toBe(16_000);
  one.observe(held('b'), 10_000);
  expect(one.freeAt).toBe(25_000);
});

test('a longer duration in the record is believed up to four times our own, a shorter one is not', () => {
  const freeAfter = (seconds: number): number => {
    const one = term();
    one.observe(held('a', seconds), 0);
    return one.freeAt;
  };
  expect([1, 15, 40, 60, 1_000_000].map(freeAfter)).toEqual([15_000, 15_000, 40_000, 60_000, 60_000]);
});

test('a release frees the lease at once; a holder edited away or a deleted lease starts one more term, once', () => {
  const released = term();
  released.observe(held('a'), 0);
  released.observe(lease({ holderIdentity: '', leaseDurationSeconds: 1 }), 2000);
  expect(released.freeAt).toBe(2000);
  for (const gone of [undefined, lease(), emptied('a')]) {
    const one = term();
    one.observe(held('a'), 0);
    one.observe(gone, 2000);
    expect(one.freeAt).toBe(17_000);
    one.observe(emptied('b'), 9000);
    one.observe(undefined, 10_000);
    expect(one.freeAt).toBe(17_000);
  }
});

test('what we hold ourselves stands in nobody’s way', () => {
  const one = term();
  one.observe(held('a'), 0);
  one.writes({ acquireTime: 'b' });
  one.observe(lease({ holderIdentity: 'us', leaseDurationSeconds: 15, acquireTime: 'b' }), 3000);
  expect([one.freeAt, one.holder, one.ours]).toEqual([3000, 'us', true]);
});

test('our name that somebody else wrote into a held lease starts one more term, once', () => {
  const one = term();
  one.writes({ acquireTime: 'never arrived' });
  one.observe(held('a'), 0);
  const named = (renewTime: string): Lease => lease({ holderIdentity: 'us', leaseDurationSeconds: 15, renewTime });
  one.observe(named('a'), 2000);
  one.observe(named('b'), 3000);
  expect([one.freeAt, one.holder, one.ours]).toEqual([17_000, 'us', false]);
});
