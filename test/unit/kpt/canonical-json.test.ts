import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/kpt/canonical-json.ts';

const integers = fc.maxSafeInteger();
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false),
    integers,
    fc.string({ unit: 'binary' }),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('json'), { maxKeys: 5 }),
  ),
}));

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, shuffled(member)]),
  );
}

describe('canonical JSON', () => {
  test('reads back as the value that it was made of', () => {
    fc.assert(
      fc.property(
        json,
        (value) => void expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value))),
      ),
    );
  });

  test('is one text for one value, whatever order the keys were written in', () => {
    fc.assert(fc.property(json, (value) => void expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value))));
  });

  test('sorts keys at every level and leaves no white space', () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
  });

  test('keeps composed and decomposed letters apart: no Unicode normalisation', () => {
    expect(canonicalJson('\u00e9')).not.toBe(canonicalJson('e\u0301'));
  });

  test('an undefined member counts as absent', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const deep = JSON.parse(`${'['.repeat(65)}${']'.repeat(65)}`);
  test.each([
    ['a fraction', 0.5],
    ['an unsafe integer', 2 ** 53],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['half of a surrogate pair', '\ud800'],
    ['half of a surrogate pair as key', { '\ud800': 1 }],
    ['a Date', new Date(0)],
    ['a Map', new Map([[1, 2]])],
    ['a cycle', cycle],
    ['65 levels', deep],
  ])('%s is refused with MarshalFailed and not written inexactly', (_, value) => {
    const failure = expect.objectContaining({ reason: 'MarshalFailed', class: 'Rejected' });
    expect(() => canonicalJson({ value })).toThrow(failure);
    expect(() => canonicalJson({ value })).toThrow(/^failed to marshal /);
  });
});
