import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OwnWrites } from '../../../src/runtime/own-writes.ts';
import { ManualClock } from '../../support/clock.ts';

function setUp() {
  const clock = new ManualClock();
  return { clock, writes: new OwnWrites({ clock }) };
}

test('a key that we did not write is current, whatever the store holds', () => {
  const { writes } = setUp();
  expect(writes.check('a', '1')).toBe('current');
  expect(writes.check('a', undefined)).toBe('current');
});

test('a key is behind until the store shows our write, and then forgotten', () => {
  const { writes } = setUp();
  writes.wrote('a', '100');
  expect(writes.check('a', '99')).toBe('behind');
  expect(writes.check('b', '1')).toBe('current');
  expect(writes.check('a', '100')).toBe('current');
  expect(writes.size).toBe(0);
});

test('a later version than our write counts as having seen it', () => {
  const { writes } = setUp();
  writes.wrote('a', '100');
  expect(writes.check('a', '101')).toBe('current');
});

test('versions compare as numbers of any length, not as texts and not as doubles', () => {
  const { writes } = setUp();
  writes.wrote('a', '1000');
  expect(writes.check('a', '999')).toBe('behind');
  writes.wrote('b', '9007199254740993');
  expect(writes.check('b', '9007199254740992')).toBe('behind');
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n }), fc.bigInt({ min: 0n, max: 2n ** 64n }), (ours, stored) => {
      const fresh = setUp().writes;
      fresh.wrote('a', `${ours}`);
      expect(fresh.check('a', `${stored}`)).toBe(stored >= ours ? 'current' : 'behind');
    }),
  );
});

test('a version that is no number is reached by itself only', () => {
  const { writes } = setUp();
  writes.wrote('a', 'v2');
  expect(writes.check('a', 'v1')).toBe('behind');
  expect(writes.check('a', '7')).toBe('behind');
  expect(writes.check('a', 'v2')).toBe('current');
});

test('of two writes the later version is awaited, in whatever order they are told', () => {
  const { writes } = setUp();
  writes.wrote('a', '20');
  writes.wrote('a', '10');
  expect(writes.check('a', '15')).toBe('behind');
});

test('an object that the store lost after our write is behind: it may not have come yet', () => {
  const { writes } = setUp();
  writes.wrote('a', '20');
  expect(writes.check('a', undefined)).toBe('behind');
  writes.forget('a');
  expect(writes.check('a', undefined)).toBe('current');
});

test('after five seconds the caller is told to look for itself, until it says that it did', async () => {
  const { clock, writes } = setUp();
  writes.wrote('a', '20');
  expect(writes.remainingMs('a')).toBe(5000);
  await clock.advance(4999);
  expect(writes.check('a', '10')).toBe('behind');
  expect(writes.remainingMs('a')).toBe(1);
  await clock.advance(1);
  expect(writes.check('a', '10')).toBe('expired');
  expect(writes.check('a', '10')).toBe('expired');
  expect(writes.remainingMs('a')).toBe(0);
  writes.settled('a');
  expect(writes.check('a', '10')).toBe('current');
});

test('a new write gives the store five seconds anew', async () => {
  const { clock, writes } = setUp();
  writes.wrote('a', '20');
  await clock.advance(4000);
  writes.wrote('a', '30');
  await clock.advance(4000);
  expect(writes.check('a', '20')).toBe('behind');
});

test('seen frees the memory of the key, and says when it ends a wait: once, and only where somebody was sent away', () => {
  const { writes } = setUp();
  writes.wrote('a', '20');
  writes.wrote('b', '20');
  expect(writes.check('a', '10')).toBe('behind');
  expect(writes.seen('a', '19')).toBe(false);
  expect([writes.seen('a', '20'), writes.seen('b', '20')]).toEqual([true, false]);
  expect(writes.seen('a', '21')).toBe(false);
  expect(writes.size).toBe(0);
});

test('a write that the store shows already is nothing to wait for', () => {
  const { writes } = setUp();
  writes.wrote('a', '20', '20');
  writes.wrote('b', '20', '19');
  expect(writes.size).toBe(1);
  expect(writes.check('b', '19')).toBe('behind');
});

test('only the very version of our last write is our own', () => {
  const { writes } = setUp();
  writes.wrote('a', '20');
  expect(['19', '20', '21'].map((version) => writes.isOwn('a', version))).toEqual([false, true, false]);
  expect(writes.isOwn('b', '20')).toBe(false);
});
