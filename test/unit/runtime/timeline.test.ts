import { expect, test } from 'vitest';
import { Timeline } from '../../../src/runtime/timeline.ts';

test('only a version below the highest one means that the history went back', () => {
  const timeline = new Timeline();
  expect([undefined, '9', '10', '10', 'opaque', '9'].map((version) => timeline.note(version))).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
  expect(timeline.highest).toBe('10');
});

test('after a restart a lower version is the highest', () => {
  const timeline = new Timeline();
  timeline.note('100');
  timeline.restart('7');
  expect(timeline.note('8')).toBe(false);
  expect(timeline.highest).toBe('8');
});
