import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BrakeInput, type Candidate, decide, setDigest } from '../../../src/reconcile/collection/brake.ts';

const rules = { count: 20, fraction: 0.5, patience: 3_600_000 };
const gone = (count: number, since = 0, doubt?: 'kind' | 'rewound'): Candidate[] =>
  Array.from({ length: count }, (_, i) => ({ key: `ns/i${i}`, since, doubt }));
const input = (partial: Partial<BrakeInput>): BrakeInput => ({
  candidates: [],
  packages: 100,
  underway: 0,
  recentlyRemoved: 0,
  confirmed: undefined,
  now: 0,
  ...partial,
});

describe('the brake', () => {
  test('lets a few removals go', () => {
    expect(decide(input({ candidates: gone(3) }), rules)).toMatchObject({
      granted: ['ns/i0', 'ns/i1', 'ns/i2'],
      held: [],
    });
  });

  test('lets many go that are less than the fraction, and a large fraction that is less than the count', () => {
    expect(decide(input({ candidates: gone(40) }), rules).held).toHaveLength(0);
    expect(decide(input({ candidates: gone(15), packages: 16 }), rules).held).toHaveLength(0);
  });

  test('holds what is more than count and fraction', () => {
    const { granted, held } = decide(input({ candidates: gone(51) }), rules);
    expect(granted).toHaveLength(0);
    expect(new Set(held.map(({ cause }) => cause))).toEqual(new Set(['brake']));
  });

  test('holds the last package, whatever the number', () => {
    expect(decide(input({ candidates: gone(1), packages: 1 }), rules).held).toEqual([{ key: 'ns/i0', cause: 'all' }]);
  });

  test('counts what went in the last minute and what is going', () => {
    expect(
      decide(input({ candidates: gone(1), packages: 50, recentlyRemoved: 50, underway: 10 }), rules).held,
    ).toHaveLength(1);
  });

  test('holds a doubtful absence even alone', () => {
    expect(decide(input({ candidates: gone(1, 0, 'kind') }), rules).held).toEqual([{ key: 'ns/i0', cause: 'kind' }]);
    expect(decide(input({ candidates: gone(1, 0, 'rewound') }), rules).held).toEqual([
      { key: 'ns/i0', cause: 'rewound' },
    ]);
  });

  test('lets a held one go after the patience, key by key', () => {
    const [old] = gone(1);
    const fresh = { key: 'ns/fresh', since: 3_599_999, doubt: undefined };
    const { granted, held } = decide(
      input({ candidates: [...(old ? [old] : []), fresh], packages: 2, now: 3_600_000 }),
      rules,
    );
    expect(granted).toEqual(['ns/i0']);
    expect(held).toEqual([{ key: 'ns/fresh', cause: 'all' }]);
  });

  test('obeys a confirmation of exactly the held set, and of no other', () => {
    const candidates = gone(60);
    const digest = setDigest(candidates.map(({ key }) => key));
    expect(decide(input({ candidates, confirmed: digest }), rules).granted).toHaveLength(60);
    expect(decide(input({ candidates: gone(61), confirmed: digest }), rules).granted).toHaveLength(0);
  });

  test('never loses a candidate, and never grants one twice', () => {
    const candidate = fc.record({
      key: fc.string({ minLength: 1 }),
      since: fc.nat(),
      doubt: fc.constantFrom(undefined, 'kind' as const, 'rewound' as const),
    });
    const set = fc.uniqueArray(candidate, { selector: ({ key }) => key });
    fc.assert(
      fc.property(set, fc.nat(200), fc.nat(50), fc.nat(), (candidates, more, recentlyRemoved, now) => {
        const { granted, held } = decide(
          input({ candidates, packages: candidates.length + more, recentlyRemoved, now }),
          rules,
        );
        expect([...granted, ...held.map(({ key }) => key)].sort()).toEqual(candidates.map(({ key }) => key).sort());
      }),
    );
  });

  test('with patience left, nothing goes when all would go', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(3_599_999), (count, now) => {
        expect(decide(input({ candidates: gone(count), packages: count, now }), rules).granted).toHaveLength(0);
      }),
    );
  });
});
