import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMING, type Outcome, type Position, START, step } from '../../../src/runtime/reflector-step.ts';

const failure: Outcome = { kind: 'failed' };
const after = (outcomes: readonly Outcome[], fraction = 1, from: Position = START): Position =>
  outcomes.reduce((at, outcome) => step(at, outcome, DEFAULT_TIMING, fraction), from);

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant<Outcome>({ kind: 'listed' }),
  fc.constant<Outcome>({ kind: 'absent' }),
  fc.record({
    kind: fc.constantFrom('failed' as const, 'forbidden' as const),
    retryAfterMs: fc.option(fc.nat(1e7), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('ended' as const),
    heldMs: fc.nat(60_000),
    progressed: fc.boolean(),
    cut: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('gap' as const),
    gap: fc.constantFrom('expired' as const, 'silence' as const, 'undecodable-line' as const),
    heldMs: fc.nat(60_000),
  }),
);

describe('pauses', () => {
  test('grow from 0.8 s to 30 s with each failure and stay there', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 60].map(
      (count) => after(Array.from({ length: count }, () => failure)).delayMs,
    );
    expect(delays).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  });

  test('are drawn from zero up: full jitter', () => {
    expect(after([failure, failure], 0).delayMs).toBe(0);
    expect(after([failure, failure], 0.5).delayMs).toBe(800);
  });

  test('last at least as long as Retry-After asks, up to five minutes', () => {
    expect(after([{ kind: 'failed', retryAfterMs: 7000 }], 0).delayMs).toBe(7000);
    expect(after([{ kind: 'failed', retryAfterMs: 1e9 }], 0).delayMs).toBe(300_000);
  });

  test('keep growing while lists succeed and every watch breaks at once', () => {
    const round: readonly Outcome[] = [{ kind: 'listed' }, { kind: 'gap', gap: 'expired', heldMs: 5 }];
    expect(after([...round, ...round, ...round, ...round]).delayMs).toBe(6400);
  });

  test('start anew after a watch that held', () => {
    const at = after([failure, failure, failure, { kind: 'listed' }, { kind: 'gap', gap: 'expired', heldMs: 60_000 }]);
    expect(at).toMatchObject({ next: 'list', delayMs: 800, attempt: 1 });
  });

  test('there is none after a watch that the server ended in the ordinary way', () => {
    const at = after([{ kind: 'listed' }, { kind: 'ended', heldMs: 60_000, progressed: false, cut: false }]);
    expect(at).toMatchObject({ next: 'watch', delayMs: 0, attempt: 0 });
  });

  test('there is a short one after a cut, since all watchers of that server come back at once', () => {
    const at = after([{ kind: 'listed' }, { kind: 'ended', heldMs: 60_000, progressed: false, cut: true }]);
    expect(at).toMatchObject({ next: 'watch', delayMs: 800, attempt: 0 });
  });

  test('a server that ends every watch at once is not asked in a hot loop', () => {
    const ended: Outcome = { kind: 'ended', heldMs: 0, progressed: false, cut: false };
    expect(after([{ kind: 'listed' }, ended, ended, ended]).delayMs).toBe(3200);
  });
});

test('every gap leads to a list, and only a list leads to a watch', () => {
  fc.assert(
    fc.property(fc.array(outcome), outcome, (before, last) => {
      const from = after(before, 0.5);
      const at = step(from, last, DEFAULT_TIMING, 0.5);
      if (last.kind === 'gap' || last.kind === 'absent') expect(at.next).toBe('list');
      if (last.kind === 'failed' || last.kind === 'forbidden') expect(at.next).toBe(from.next);
      expect(at.delayMs).toBeGreaterThanOrEqual(0);
      expect(at.delayMs).toBeLessThanOrEqual(330_000);
    }),
  );
});

test('an absent kind stays absent through every outcome but a full list', () => {
  fc.assert(
    fc.property(fc.array(outcome.filter(({ kind }) => kind !== 'listed')), (between) => {
      expect(after([{ kind: 'absent' }, ...between]).kindAbsent).toBe(true);
      expect(after([{ kind: 'absent' }, ...between, { kind: 'listed' }]).kindAbsent).toBe(false);
    }),
  );
});
