import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../../src/policy/evaluate.ts';
import {
  type Claim,
  claimOf,
  EMPTY_LEDGER,
  expire,
  fullUntilOf,
  type Ledger,
  ledgerOf,
  ledgerText,
  MAX_ENTRIES,
  mergeLedgers,
  reserve,
  sealed,
  sealedUntil,
} from '../../../src/policy/ledger.ts';
import { claimIn } from '../../../src/policy/usage-rules.ts';
import { policy, policyInput } from '../../support/policies.ts';

const START = Date.UTC(2026, 10, 19, 12);
const at = (seconds: number): Date => new Date(START + seconds * 1000);

const WEB = { namespace: 'shop', apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', id: '2' };

function claim(name: string, id: string, namespace = 'shop'): Claim {
  return claimOf({ ...WEB, namespace, name, id });
}

/** The ledger after the claims, which all have to fit. */
function ledger(...claims: readonly (readonly [seconds: number, claim: Claim])[]): Ledger {
  return claims.reduce((before: Ledger, [seconds, one]) => {
    const result = reserve(before, {}, one, at(seconds));
    if ('fullUntil' in result) throw new Error('full');
    return result.ledger;
  }, EMPTY_LEDGER);
}

const claims = fc.record({
  seconds: fc.nat(10_000),
  name: fc.constantFrom('web', 'api', 'db'),
  namespace: fc.constantFrom('shop', 'pay'),
  id: fc.nat(30).map(String),
});
const ledgers = fc
  .array(claims, { maxLength: 12 })
  .map((all) =>
    ledger(
      ...all
        .toSorted((one, other) => one.seconds - other.seconds)
        .map(({ seconds, name, id, namespace }) => [seconds, claim(name, id, namespace)] as const),
    ),
  );

describe('a reservation', () => {
  test('no target and no namespace ever gets more than its limit within any hour, in any order of claims', () => {
    const limits = { perTargetPerHour: 2, perNamespacePerHour: 3 };
    fc.assert(
      fc.property(fc.array(claims, { maxLength: 40 }), (all) => {
        const granted: { seconds: number; name: string; namespace: string }[] = [];
        const seen = new Set<string>();
        let state: Ledger = EMPTY_LEDGER;
        for (const [i, one] of all.toSorted((a, b) => a.seconds - b.seconds).entries()) {
          const result = reserve(state, limits, claim(one.name, `${i}`, one.namespace), at(one.seconds));
          if ('fullUntil' in result) continue;
          state = result.ledger;
          granted.push(one);
          seen.add(`${i}`);
        }
        for (const { seconds, name, namespace } of granted) {
          const hour = granted.filter(
            (other) => other.namespace === namespace && other.seconds > seconds - 3600 && other.seconds <= seconds,
          );
          expect(hour.length).toBeLessThanOrEqual(3);
          expect(hour.filter((other) => other.name === name).length).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  test('that is refused fits at the moment that was named, and not a millisecond before', () => {
    const limits = { perTargetPerHour: 2, perNamespacePerHour: 3 };
    const full = ledger([0, claim('web', '1')], [600, claim('web', '2')]);
    const third = claim('web', '3');
    expect(reserve(full, limits, third, at(1200))).toEqual({ fullUntil: at(3600) });
    expect(reserve(full, limits, third, new Date(at(3600).getTime() - 1))).toEqual({ fullUntil: at(3600) });
    expect(reserve(full, limits, third, at(3600))).toHaveProperty('ledger');
    const crowded = ledger([0, claim('web', '1')], [60, claim('api', '2')], [90, claim('db', '3')]);
    expect(reserve(crowded, limits, claim('new', '4'), at(100))).toEqual({ fullUntil: at(3600) });
    expect(reserve(crowded, limits, claim('new', '4', 'pay'), at(100))).toHaveProperty('ledger');
  });

  test('between two seconds never makes the hour shorter', () => {
    const limits = { perTargetPerHour: 1 };
    const once = ledger([0.5, claim('web', '1')]);
    expect(reserve(once, limits, claim('web', '2'), new Date(at(3600.5).getTime() - 1))).toHaveProperty('fullUntil');
  });

  test('waits for as many entries as a limit that was lowered has too many', () => {
    const three = ledger([0, claim('web', '1')], [600, claim('web', '2')], [1200, claim('web', '3')]);
    const lowered = { perTargetPerHour: 2 };
    expect(reserve(three, lowered, claim('web', '4'), at(1500))).toEqual({ fullUntil: at(600 + 3600) });
    expect(reserve(three, lowered, claim('web', '4'), at(4200))).toHaveProperty('ledger');
  });

  test('counts once, however often it is asked for, and for an hour from the last time', () => {
    const limits = { perTargetPerHour: 1 };
    const once = ledger([0, claim('web', 'uid/1')]);
    const again = reserve(once, limits, claim('web', 'uid/1'), at(100));
    expect(again).toEqual({ ledger: ledger([100, claim('web', 'uid/1')]) });
    expect(reserve(once, limits, claim('web', 'uid/1'), at(0))).toEqual({ ledger: once });
    expect(fullUntilOf(once, limits, claim('web', 'uid/1'), at(100))).toEqual({});
  });

  test('counts anew when it is an hour old', () => {
    const limits = { perTargetPerHour: 1 };
    const two = ledger([0, claim('web', '1')], [600, claim('web', '2')]);
    expect(reserve(two, limits, claim('web', '1'), at(3601))).toEqual({ fullUntil: at(4200) });
  });

  test('is not refunded: the intent that is made again, or changed and changed back, has another id and finds it full', () => {
    const limits = { perTargetPerHour: 1 };
    const once = ledger([0, claim('web', 'old-uid/1')]);
    for (const id of ['new-uid/1', 'old-uid/2'])
      expect(reserve(once, limits, claim('web', id), at(10))).toEqual({ fullUntil: at(3600) });
  });

  test('of a target counts for its kind and its group, whatever the version', () => {
    const limits = { perTargetPerHour: 1 };
    const once = ledger([0, claim('web', '1')]);
    const full = (more: Partial<typeof WEB>) => fullUntilOf(once, limits, claimOf({ ...WEB, ...more }), at(1));
    expect(full({ apiVersion: 'apps/v1beta1' })).toEqual({ perTargetPerHour: at(3600) });
    expect(full({ kind: 'StatefulSet' })).toEqual({});
    expect(full({ apiVersion: 'example.com/v1' })).toEqual({});
  });

  test('leaves the ledger that it was asked of as it was', () => {
    const before = ledger([0, claim('web', '1')]);
    const copy = structuredClone(before);
    reserve(before, {}, claim('web', '2'), at(10));
    expect(before).toEqual(copy);
  });
});

test('what a ledger says depends on its entries alone, not on what was asked of it before', () => {
  const limits = { perTargetPerHour: 2, perNamespacePerHour: 4 };
  fc.assert(
    fc.property(ledgers, fc.array(claims, { maxLength: 5 }), fc.nat(15_000), (start, asked, seconds) => {
      let state = start;
      for (const { name, namespace, id } of asked) {
        const wanted = claim(name, id, namespace);
        const fresh: Ledger = { entries: [...state.entries] };
        expect(fullUntilOf(state, limits, wanted, at(seconds))).toEqual(
          fullUntilOf(fresh, limits, wanted, at(seconds)),
        );
        const result = reserve(state, limits, wanted, at(seconds));
        expect(result).toEqual(reserve(fresh, limits, wanted, at(seconds)));
        if ('ledger' in result) state = result.ledger;
        expect(fullUntilOf(fresh, limits, wanted, at(seconds))).toEqual(
          fullUntilOf({ entries: [...fresh.entries] }, limits, wanted, at(seconds)),
        );
      }
    }),
  );
});

describe('time', () => {
  test('an entry is gone when it is an hour old', () => {
    const some = ledger([0, claim('web', '1')], [10, claim('api', '2')]);
    expect(expire(some, new Date(at(3600).getTime() - 1)).entries).toHaveLength(2);
    expect(expire(some, at(3600)).entries).toHaveLength(1);
    expect(expire(some, at(3610))).toEqual(EMPTY_LEDGER);
    expect(expire(EMPTY_LEDGER, at(0))).toEqual(EMPTY_LEDGER);
  });

  test('an entry from the future of a wrong clock holds for an hour from now, and no longer', () => {
    const wrong = ledger([86_400 * 365, claim('web', '1')]);
    const limits = { perTargetPerHour: 1 };
    expect(reserve(wrong, limits, claim('web', '2'), at(0))).toEqual({ fullUntil: at(3600) });
    const noted = expire(wrong, at(0));
    expect(reserve(noted, limits, claim('web', '2'), at(3600))).toHaveProperty('ledger');
  });
});

describe('merging', () => {
  test('is commutative, associative and idempotent, and forgets no change', () => {
    fc.assert(
      fc.property(ledgers, ledgers, ledgers, (a, b, c) => {
        expect(mergeLedgers(a, b)).toEqual(mergeLedgers(b, a));
        expect(mergeLedgers(mergeLedgers(a, b), c)).toEqual(mergeLedgers(a, mergeLedgers(b, c)));
        expect(mergeLedgers(a, a)).toEqual(a);
        const merged = mergeLedgers(a, b).entries;
        for (const { at: time, ...change } of a.entries) {
          const same = merged.filter((other) => other.id === change.id && other.target === change.target);
          expect(same).toHaveLength(1);
          expect(same[0]?.at).toBeGreaterThanOrEqual(time);
        }
      }),
    );
  });
});

describe('a seal', () => {
  test('lets nothing new through for an hour, whatever the limits and the claim, and then everything', () => {
    const unread = sealed(at(0));
    for (const limits of [{}, { perTargetPerHour: 1000 }, { perNamespacePerHour: 5000 }]) {
      expect(reserve(unread, limits, claim('web', '1'), at(1))).toEqual({ fullUntil: at(3600) });
      expect(reserve(unread, limits, claim('web', '1'), at(3600))).toHaveProperty('ledger');
    }
    expect(sealedUntil(unread, at(1))).toEqual(at(3600));
    expect(sealedUntil(unread, at(3600))).toBeUndefined();
  });

  test('survives its text and being merged, and leaves what was let through before', () => {
    const both = mergeLedgers(ledger([0, claim('web', '1')]), sealed(at(10)));
    const read = ledgerOf(ledgerText(both)) ?? EMPTY_LEDGER;
    expect(read).toEqual(both);
    expect(sealedUntil(read, at(20))).toEqual(at(3610));
    expect(reserve(read, {}, claim('web', '1'), at(20))).toHaveProperty('ledger');
    expect(sealedUntil(ledger([0, claim('web', '1')]), at(20))).toBeUndefined();
  });
});

describe('text', () => {
  test('a ledger survives its text, and equal ledgers have equal texts', () => {
    fc.assert(
      fc.property(ledgers, (one) => {
        expect(ledgerOf(ledgerText(one))).toEqual(one);
        expect(ledgerText(mergeLedgers(one, one))).toBe(ledgerText(one));
      }),
    );
  });

  test('of a ledger is the same, whichever text is known already', () => {
    fc.assert(
      fc.property(
        ledgers,
        fc.array(claims, { maxLength: 5 }),
        ledgers,
        fc.nat(12_000),
        (start, more, other, seconds) => {
          const known = { ledger: start, text: ledgerText(start) };
          const grown = more.reduce(
            (before, one) => {
              const result = reserve(before, {}, claim(one.name, `more-${one.id}`, one.namespace), at(seconds));
              return 'ledger' in result ? result.ledger : before;
            },
            expire(start, at(seconds)),
          );
          for (const one of [start, grown, other, mergeLedgers(start, other), EMPTY_LEDGER])
            expect(ledgerText(one, known)).toBe(ledgerText(one));
        },
      ),
    );
  });

  test.each(['x', 'x'.repeat(30), 'ä'.repeat(31), `zzzzzz_${'a'.repeat(24)}`, `ZZZZZZZ${'a'.repeat(24)}`])(
    '%j is no ledger',
    (text) => {
      expect(ledgerOf(text)).toBeUndefined();
    },
  );

  test('5,000 targets are 155,000 bytes, and a full ledger of 310,000 lets nothing through until its oldest entry leaves', () => {
    const many = (count: number): Ledger => {
      const entries = Array.from({ length: count }, (_, i) => ledger([i % 60, claim(`web-${i}`, `uid-${i}`)]).entries);
      return mergeLedgers({ entries: entries.flat() }, EMPTY_LEDGER);
    };
    expect(Buffer.byteLength(ledgerText(many(5000)))).toBe(155_000);
    const full = many(MAX_ENTRIES);
    expect(Buffer.byteLength(ledgerText(full))).toBe(310_000);
    expect(reserve(full, {}, claim('new', 'new', 'pay'), at(100))).toEqual({ fullUntil: at(3600) });
    expect(reserve(full, {}, claim('new', 'new'), at(3600))).toHaveProperty('ledger');
    expect(mergeLedgers(full, many(MAX_ENTRIES + 60)).entries).toHaveLength(MAX_ENTRIES);
  });
});

describe('the rule', () => {
  const one = policy('one', { rate: { perTargetPerHour: 1, perNamespacePerHour: 2 } });
  const under = (state: Ledger) =>
    evaluate(policyInput({ usage: new Map([['one', { ledger: state }]]), now: at(60) }), [one]);

  test('lets a change through while there is room, and says until when there is none', () => {
    expect(under(EMPTY_LEDGER).decision).toBe('Allow');
    const verdict = under(ledger([0, claim('web', 'other')]));
    expect(verdict.decision).toBe('Wait');
    expect(verdict.retryAt).toEqual(at(3600));
    expect(verdict.considered.map(({ rule, result }) => [rule, result])).toEqual([
      ['rate.perTargetPerHour', 'Wait'],
      ['rate.perNamespacePerHour', 'Allow'],
    ]);
  });

  test('does not count what another policy has counted', () => {
    const usage = new Map([['other', { ledger: ledger([0, claim('web', 'x')]) }]]);
    expect(evaluate(policyInput({ usage, now: at(60) }), [one]).decision).toBe('Allow');
  });

  test('lets the change through that has its reservation already', () => {
    const input = policyInput({ now: at(60) });
    const own = reserve(EMPTY_LEDGER, {}, claimIn(input), at(0));
    expect(under('ledger' in own ? own.ledger : EMPTY_LEDGER).decision).toBe('Allow');
  });
});
