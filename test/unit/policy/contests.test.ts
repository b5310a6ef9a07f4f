import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Claim, Contests } from '../../../src/policy/contests.ts';

const claim = (key: string, age: number, value: number, field = 'Deployment shop/web /spec/replicas'): Claim => ({
  key: `shop/${key}`,
  uid: `uid-${key}`,
  createdAt: `2026-01-01T00:00:${String(age).padStart(2, '0')}Z`,
  field,
  value: String(value),
});

const asking = (...of: Parameters<typeof claim>): Claim => ({ ...claim(...of), asks: true });

function contestsOf(...claims: readonly Claim[]): Contests {
  const contests = new Contests();
  for (const each of claims) contests.set(each);
  return contests;
}

describe('two intents on one field', () => {
  test('the older one wins, and the other one names it', () => {
    const contests = contestsOf(claim('young', 2, 7), claim('old', 1, 5));
    expect(contests.rivalOf('shop/old')).toBeUndefined();
    expect(contests.rivalOf('shop/young')).toMatchObject({ key: 'shop/old', value: '5' });
  });

  test('of the same second, the smaller uid wins', () => {
    const contests = contestsOf(claim('b', 1, 7), claim('a', 1, 5));
    expect([contests.rivalOf('shop/a'), contests.rivalOf('shop/b')?.key]).toEqual([undefined, 'shop/a']);
  });

  test('one that only asks loses like any other, and is no rival of anybody', () => {
    const contests = contestsOf(claim('old', 3, 5), claim('young', 5, 7), asking('dry', 4, 9));
    expect(contests.rivalOf('shop/dry')?.key).toBe('shop/old');
    expect(contests.rivalOf('shop/young')?.key).toBe('shop/old');
    expect(contests.delete('shop/old')).toEqual(['shop/dry', 'shop/young']);
    expect(contests.rivalOf('shop/dry')).toBeUndefined();
    expect(contests.rivalOf('shop/young')).toBeUndefined();
    expect(contests.set(claim('dry', 4, 9))).toEqual(['shop/young']);
    expect(contests.rivalOf('shop/young')?.key).toBe('shop/dry');
  });

  test('equal values share', () => {
    const contests = contestsOf(claim('old', 1, 5), claim('young', 2, 5));
    expect(contests.rivalOf('shop/young')).toBeUndefined();
  });

  test('other fields and other targets are no contest', () => {
    const contests = contestsOf(claim('old', 1, 5), claim('young', 2, 7, 'Deployment shop/api /spec/replicas'));
    expect(contests.rivalOf('shop/young')).toBeUndefined();
  });
});

describe('the others hear of it', () => {
  test('when the winner goes, the loser proceeds', () => {
    const contests = contestsOf(claim('old', 1, 5), claim('young', 2, 7));
    expect(contests.delete('shop/old')).toEqual(['shop/young']);
    expect(contests.rivalOf('shop/young')).toBeUndefined();
  });

  test('when the winner wants something else of this field, or of another one', () => {
    const contests = contestsOf(claim('old', 1, 5), claim('young', 2, 7));
    expect(contests.set(claim('old', 1, 6))).toEqual(['shop/young']);
    expect(contests.rivalOf('shop/young')?.value).toBe('6');
    expect(contests.set(claim('old', 1, 7))).toEqual(['shop/young']);
    expect(contests.rivalOf('shop/young')).toBeUndefined();
    contests.set(claim('old', 1, 5));
    expect(contests.set(claim('old', 1, 5, 'elsewhere'))).toEqual(['shop/young']);
  });

  test('an older intent that comes late takes the field over', () => {
    const contests = contestsOf(claim('young', 2, 7));
    expect(contests.set(claim('old', 1, 5))).toEqual(['shop/young']);
  });

  test('nobody, when nothing moved for them', () => {
    const contests = contestsOf(claim('old', 1, 5), claim('same', 2, 5), claim('young', 3, 7));
    expect(contests.set(claim('old', 1, 5))).toEqual([]);
    expect(contests.delete('shop/young')).toEqual([]);
    expect(contests.set(claim('younger', 4, 9))).toEqual([]);
    expect(contests.delete('shop/unknown')).toEqual([]);
  });

  test('an intent that was deleted and created anew under its name is a new claim', () => {
    const contests = contestsOf(claim('a', 1, 5), claim('b', 2, 7));
    const again = { ...claim('a', 3, 5), uid: 'uid-again' };
    expect(contests.set(again)).toEqual(['shop/b']);
    expect(contests.rivalOf('shop/a')?.key).toBe('shop/b');
  });
});

const claims = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom(...'abcdefgh'),
    age: fc.nat(3),
    value: fc.nat(2),
    field: fc.constantFrom('f', 'g'),
    asks: fc.boolean(),
  }),
  { selector: ({ name }) => name },
);
interface Wish {
  readonly name: string;
  readonly age: number;
  readonly value: number;
  readonly field: string;
  readonly asks: boolean;
}
const asClaim = ({ name, age, value, field, asks }: Wish): Claim => (asks ? asking : claim)(name, age, value, field);
const isOlder = (one: Wish, other: Wish): boolean =>
  one.age < other.age || (one.age === other.age && one.name < other.name);

describe('laws', () => {
  test('the order of arrival does not matter, nor what was there in between', () => {
    fc.assert(
      fc.property(claims, fc.infiniteStream(fc.nat()), claims, (final, order, passing) => {
        const shuffled = final
          .map((each) => ({ each, rank: order.next().value }))
          .toSorted((one, other) => Number(one.rank) - Number(other.rank))
          .map(({ each }) => asClaim(each));
        const straight = contestsOf(...final.map(asClaim));
        const crooked = contestsOf(...passing.map(asClaim));
        for (const { name } of passing) crooked.delete(`shop/${name}`);
        for (const each of shuffled) crooked.set(each);
        for (const { name } of final) expect(crooked.rivalOf(`shop/${name}`)).toEqual(straight.rivalOf(`shop/${name}`));
      }),
    );
  });

  test('of each field exactly the claims that want what the oldest of those that hold wants, or are older, have no rival', () => {
    fc.assert(
      fc.property(claims, (all) => {
        const contests = contestsOf(...all.map(asClaim));
        for (const wish of all) {
          const [winner] = all
            .filter(({ field, asks }) => field === wish.field && !asks)
            .toSorted((one, other) => (isOlder(one, other) ? -1 : 1));
          const loses = winner !== undefined && winner.value !== wish.value && isOlder(winner, wish);
          expect(contests.rivalOf(`shop/${wish.name}`)?.key).toBe(loses ? `shop/${winner.name}` : undefined);
        }
      }),
    );
  });

  test('who is told is exactly who has another rival than before', () => {
    fc.assert(
      fc.property(claims, claims, (start, steps) => {
        const contests = contestsOf(...start.map(asClaim));
        const names = [...'abcdefgh'].map((name) => `shop/${name}`);
        const rivals = (): ReadonlyMap<string, Claim | undefined> =>
          new Map(names.map((key) => [key, contests.rivalOf(key)]));
        for (const [at, step] of steps.entries()) {
          const own = `shop/${step.name}`;
          const before = rivals();
          const told = at % 3 === 2 ? contests.delete(own) : contests.set(asClaim(step));
          const after = rivals();
          const moved = names.filter((key) => key !== own && before.get(key) !== after.get(key));
          expect(told.toSorted()).toEqual(moved.toSorted());
        }
      }),
    );
  });
});
