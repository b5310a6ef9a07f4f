import { expect, test } from 'vitest';
import { retryAfterMs, warningTexts } from '../../../../src/platform/kubernetes/headers.ts';

const now = new Date('2026-01-01T00:00:00Z');

test.each([
  ['7', 7000],
  ['0', 0],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
  ['Wed, 31 Dec 2025 23:59:59 GMT', 0],
  ['-5', undefined],
  ['2.5', undefined],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After %s is %s ms', (value, expected) => {
  expect(retryAfterMs(value, now)).toBe(expected);
});

test('warnings are read from one header, from several, and with quotes inside', () => {
  expect(warningTexts(undefined)).toEqual([]);
  expect(warningTexts('299 - "unknown field \\"spec.x\\""')).toEqual(['unknown field "spec.x"']);
  expect(warningTexts('299 - "one, two", 299 - "three"')).toEqual(['one, two', 'three']);
  expect(warningTexts(['299 - "one"', '299 - "two"'])).toEqual(['one', 'two']);
  expect(warningTexts('214 - "transformed"')).toEqual([]);
});
