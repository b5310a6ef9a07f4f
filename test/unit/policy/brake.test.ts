import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brakedUntil, CALM, failed, mergeStorms, type StormState } from '../../../src/policy/brake.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { policy, policyInput } from '../../support/policies.ts';

const BRAKE = { failures: 3, window: '10m', coolDown: '30m' };
const START = Date.UTC(2026, 10, 19, 12);
const at = (minutes: number): Date => new Date(START + minutes * 60_000);

function after(...failures: readonly (readonly [minutes: number, id: string])[]): StormState {
  return failures.reduce((state: StormState, [minutes, id]) => failed(state, BRAKE, id, at(minutes)), CALM);
}

const storms = fc
  .array(fc.tuple(fc.nat(60), fc.constantFrom('a', 'b', 'c', 'd')), { maxLength: 10 })
  .map((all) => after(...all.toSorted(([one], [other]) => one - other)));

test('so many failures within the window stop changes for the cool-down, and fewer do not', () => {
  expect(brakedUntil(after([0, 'a'], [1, 'b']), BRAKE, at(1))).toBeUndefined();
  const tripped = after([0, 'a'], [1, 'b'], [2, 'c']);
  expect(brakedUntil(tripped, BRAKE, at(2))).toEqual(at(32));
  expect(brakedUntil(tripped, BRAKE, new Date(at(32).getTime() - 1))).toEqual(at(32));
  expect(brakedUntil(tripped, BRAKE, at(32))).toBeUndefined();
});

test('failures further apart than the window do not add up', () => {
  expect(brakedUntil(after([0, 'a'], [5, 'b'], [10, 'c']), BRAKE, at(10))).toBeUndefined();
});

test('one change that fails again and again counts once', () => {
  expect(brakedUntil(after([0, 'a'], [1, 'a'], [2, 'a'], [3, 'b']), BRAKE, at(3))).toBeUndefined();
  expect(brakedUntil(after([0, 'a'], [1, 'a'], [2, 'b'], [3, 'c']), BRAKE, at(3))).toEqual(at(33));
});

test('a failure on its own does not end a cool-down early', () => {
  const state = failed(after([0, 'a'], [1, 'b'], [2, 'c']), BRAKE, 'd', at(20));
  expect(brakedUntil(state, BRAKE, at(20))).toEqual(at(32));
});

test('a failure right after a short cool-down holds the brake again while the others are within the window', () => {
  const short = { ...BRAKE, coolDown: '1m' };
  const tripped = failed(failed(failed(CALM, short, 'a', at(0)), short, 'b', at(1)), short, 'c', at(2));
  expect(brakedUntil(tripped, short, at(3))).toBeUndefined();
  expect(brakedUntil(failed(tripped, short, 'd', at(4)), short, at(4))).toEqual(at(5));
});

test('a time from the future of a wrong clock holds for one cool-down, and no longer', () => {
  expect(brakedUntil({ failures: [], trippedAt: at(100_000).getTime() }, BRAKE, at(0))).toEqual(at(30));
});

test('the state is plain JSON and bounded, however many changes fail', () => {
  const brake = { failures: 100, window: '24h', coolDown: '1h' };
  let state: StormState = CALM;
  for (let i = 0; i < 1000; i++) state = failed(state, brake, `0123456789-${i}`, new Date(START + i));
  expect(state.failures).toHaveLength(100);
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  expect(JSON.stringify(state).length).toBeLessThan(6_000);
});

describe('merging', () => {
  test('is commutative and idempotent, and never milder than either', () => {
    fc.assert(
      fc.property(storms, storms, fc.nat(120), (one, other, minutes) => {
        const merged = mergeStorms(one, other);
        expect(mergeStorms(other, one)).toEqual(merged);
        expect(mergeStorms(merged, merged)).toEqual(merged);
        const until = (state: StormState): number => brakedUntil(state, BRAKE, at(minutes))?.getTime() ?? 0;
        expect(until(merged)).toBe(Math.max(until(one), until(other)));
        // What comes after is no milder either.
        const next = (state: StormState): number => until(failed(state, BRAKE, 'z', at(minutes)));
        if (minutes >= 60) expect(next(merged)).toBeGreaterThanOrEqual(Math.max(next(one), next(other)));
      }),
    );
  });
});

test('the rule waits for the end of the cool-down', () => {
  const storm = after([0, 'a'], [1, 'b'], [2, 'c']);
  const input = policyInput({ usage: new Map([['one', { storm }]]), now: at(3) });
  const verdict = evaluate(input, [policy('one', { storm: BRAKE })]);
  expect([verdict.decision, verdict.retryAt]).toEqual(['Wait', at(32)]);
  expect(evaluate({ ...input, now: at(32) }, [policy('one', { storm: BRAKE })]).decision).toBe('Allow');
  expect(evaluate(input, [policy('other', { storm: BRAKE })]).decision).toBe('Allow');
});
