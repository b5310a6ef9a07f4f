import fc from 'fast-check';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { age, painter, printData, table } from '../../../src/cli/output.ts';
import { recordedIo } from '../../support/io.ts';

const NOW = new Date('2026-01-02T00:00:00Z');
const before = (seconds: number): string => new Date(NOW.getTime() - seconds * 1000).toISOString();

// Source of the expected texts: k8s.io/apimachinery/pkg/util/duration, HumanDuration.
test.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [312, '5m12s'],
  [599, '9m59s'],
  [3_600, '60m'],
  [10_799, '179m'],
  [10_800, '3h'],
  [12_000, '3h20m'],
  [28_800, '8h'],
  [172_799, '47h'],
  [172_800, '2d'],
  [-30, '0s'],
])('an age of %d seconds reads %s', (seconds, text) => {
  expect(age(before(seconds), NOW)).toBe(text);
});

test('an age that is not known says so', () => {
  expect([age(undefined, NOW), age('yesterday', NOW)]).toEqual(['<unknown>', '<unknown>']);
});

describe('a table', () => {
  test('aligns columns and ends no line with a blank', () => {
    expect(
      table([
        ['NAME', 'AGE'],
        ['web', '5m'],
        ['longer-name', ''],
      ]),
    ).toBe('NAME          AGE\nweb           5m\nlonger-name\n');
  });

  test('has one line per row, whatever the cells hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }), { minLength: 1 }),
        (rows) => {
          expect(table(rows).split('\n')).toHaveLength(rows.length + 1);
        },
      ),
    );
  });
});

test('data is the same in JSON and in YAML, without what is undefined', () => {
  const value = { a: 1, b: undefined, c: ['on', '010', 'x: y'], d: null };
  const json = recordedIo();
  printData(json, 'json', value);
  const yaml = recordedIo();
  printData(yaml, 'yaml', value);
  expect(load(yaml.out())).toEqual(JSON.parse(json.out()));
});

test('colours are there only where they are wanted', () => {
  expect(painter(recordedIo())('red', 'x')).toBe('x');
  expect(painter({ ...recordedIo(), color: true })('red', 'x')).toBe('\u001b[31mx\u001b[0m');
});
