import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bindAddress, byteSize, duration, namespaces, parseDuration } from '../../../src/config/kinds.ts';

describe('durations are those of Go', () => {
  test.each([
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
    ['.5s', 500],
    ['100ms', 100],
    ['2h45m30.5s', 9_930_500],
    ['0', 0],
    ['1us', 0.001],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBeCloseTo(ms);
  });

  test.each(['', '5', '-5s', '5 s', 's', '5sx', '5d', '1h 30m', '1e3s', '٣s', '5S'])('%j is refused', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('a duration is the sum of its parts', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(59), fc.nat(59), (h, m, s) => {
        expect(parseDuration(`${h}h${m}m${s}s`)).toBe(((h * 60 + m) * 60 + s) * 1000);
      }),
    );
  });

  test('what a timer cannot wait for is refused', () => {
    expect(duration('0s', '1h').parse('600h')).toBeUndefined();
  });
});

test.each([
  ['1Mi', 1_048_576],
  ['1.5Ki', 1536],
  ['500M', 500_000_000],
  ['7', 7],
  ['0', 0],
  ['1mi', undefined],
  ['-1', undefined],
  ['1.0001Ki', undefined],
  ['9999999Ti', undefined],
])('the size %s is %s bytes', (text, bytes) => {
  expect(byteSize.parse(text)).toBe(bytes);
});

test.each([
  [':8080', { host: undefined, port: 8080 }],
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['[::1]:9', { host: '::1', port: 9 }],
  ['localhost:80', { host: 'localhost', port: 80 }],
  ['0', null],
  ['8080', undefined],
  [':65536', undefined],
  ['::1:80', undefined],
  ['http://x:80', undefined],
  [':', undefined],
])('the address %s', (text, address) => {
  expect(bindAddress.parse(text)).toEqual(address);
});

test.each([
  ['', []],
  ['a', ['a']],
  [' a , b,,a ', ['a', 'b']],
  ['a,B', undefined],
  ['a/b', undefined],
  ['x'.repeat(64), undefined],
])('the namespaces %j', (text, names) => {
  expect(namespaces.parse(text)).toEqual(names);
});
