import { expect, test } from 'vitest';
import { DoubtMemory } from '../../../../src/cli/run/doubt.ts';

const list = (more: { rewound?: boolean; kindWasAbsent?: boolean } = {}) => ({
  resourceVersion: '1',
  rewound: false,
  kindWasAbsent: false,
  ...more,
});

test('without a doubtful list there is no doubt', () => {
  const doubts = new DoubtMemory();
  doubts.replaced(list());
  expect(doubts.cause).toBeUndefined();
});

test.each([
  ['rewound', { rewound: true }],
  ['kind', { kindWasAbsent: true }],
])('a doubtful list (%s) is remembered through good ones after it', (cause, info) => {
  const doubts = new DoubtMemory();
  doubts.replaced(list(info));
  doubts.replaced(list());
  expect(doubts.cause).toBe(cause);
});

test('a kind that went away while nobody led is remembered, though it is back', () => {
  const doubts = new DoubtMemory();
  doubts.kindIsMissing(false);
  expect(doubts.cause).toBeUndefined();
  doubts.kindIsMissing(true);
  doubts.kindIsMissing(false);
  expect(doubts.cause).toBe('kind');
});
