import { expect, test } from 'vitest';
import { join, locate, segmentsOf } from '../../../../src/api/read/place.ts';

test.each<[string, readonly string[]]>([
  ['', []],
  ['/', ['']],
  ['/a/0', ['a', '0']],
  ['/a~1b/~0', ['a/b', '~']],
  ['/~01', ['~1']],
  ['/~00', ['~0']],
])('the pointer %j has the segments of RFC 6901', (pointer, segments) => {
  expect(segmentsOf(pointer)).toEqual(segments);
  expect(segments.reduce<string>((whole, segment) => join(whole, segment), '')).toBe(pointer);
});

test('a pointer to what is not there leads to the nearest part that is', () => {
  const item = { start: 3, end: 4 };
  const list = { start: 2, end: 5, items: [item] };
  const root = { start: 0, end: 9, members: new Map([['a', list]]) };
  expect(locate(root, '/a/0')).toEqual({ place: item, exact: true });
  for (const pointer of ['/a/1', '/a/-1', '/a/00', '/a/x', '/a/length']) {
    expect(locate(root, pointer)).toEqual({ place: list, exact: false });
  }
  expect(locate(root, '/b/0')).toEqual({ place: root, exact: false });
});
