import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CONDITION_TYPES,
  type ConditionState,
  cutMessage,
  findCondition,
  removeCondition,
  setCondition,
} from '../../../src/api/conditions.ts';
import type { Condition } from '../../../src/api/types.ts';

const FIRST = new Date('2026-01-02T03:04:05.678Z');
const LATER = new Date('2026-01-02T03:05:00.000Z');
const FOREIGN: Condition = Object.freeze({
  type: 'example.com/Seen',
  status: 'True',
  reason: 'Seen',
  message: '',
  lastTransitionTime: '2020-01-01T00:00:00Z',
});

function state(more: Partial<ConditionState> = {}): ConditionState {
  return { type: 'Ready', status: 'True', reason: 'PackageWritten', message: 'done', observedGeneration: 1, ...more };
}

test('a new condition is added at the end with the time in whole seconds', () => {
  const list = setCondition([FOREIGN], state(), FIRST);
  expect(list).toEqual([FOREIGN, { ...state(), lastTransitionTime: '2026-01-02T03:04:05Z' }]);
});

test('the transition time moves when the status moves, and only then', () => {
  const first = setCondition([], state(), FIRST);
  const sameState = setCondition(first, state({ reason: 'DryRun', message: 'other', observedGeneration: 2 }), LATER);
  const moved = setCondition(first, state({ status: 'False' }), LATER);
  expect(sameState[0]).toMatchObject({
    reason: 'DryRun',
    observedGeneration: 2,
    lastTransitionTime: '2026-01-02T03:04:05Z',
  });
  expect(moved[0]?.lastTransitionTime).toBe('2026-01-02T03:05:00Z');
});

test('setting what is there already gives back the same list', () => {
  const list = setCondition([FOREIGN], state(), FIRST);
  expect(setCondition(list, state(), LATER)).toBe(list);
});

test('removing a condition that is not there gives back the same list', () => {
  const list = setCondition([FOREIGN], state(), FIRST);
  expect(removeCondition(list, 'Stalled')).toBe(list);
  expect(removeCondition(list, 'Ready')).toEqual([FOREIGN]);
});

test('whatever is set and removed, foreign conditions stay as they are and no type is there twice', () => {
  const step = fc.record({
    remove: fc.boolean(),
    type: fc.constantFrom(...CONDITION_TYPES),
    status: fc.constantFrom('True', 'False', 'Unknown'),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const list = steps.reduce<readonly Condition[]>(
        (before, { remove, type, status }) =>
          remove ? removeCondition(before, type) : setCondition(before, state({ type, status }), FIRST),
        [FOREIGN],
      );
      const types = list.map(({ type }) => type);
      expect(new Set(types).size).toBe(types.length);
      expect(findCondition(list, FOREIGN.type)).toBe(FOREIGN);
    }),
  );
});

test('a message of any length is cut to 1,024 code points and stays well formed', () => {
  const unit = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('a\ud800b', '\udc00', '😀'));
  fc.assert(
    fc.property(unit, fc.nat(60), (text, times) => {
      const message = text.repeat(times);
      const cut = cutMessage(message);
      expect([...cut].length).toBeLessThanOrEqual(1024);
      expect(cut.isWellFormed()).toBe(true);
      if ([...message].length <= 1024) expect(cut).toBe(message.toWellFormed());
      else expect(cut.endsWith('…')).toBe(true);
    }),
  );
});

test('a message of 1,024 characters outside the basic plane is not cut', () => {
  expect(cutMessage('😀'.repeat(1024))).toBe('😀'.repeat(1024));
  expect(cutMessage('😀'.repeat(1025))).toBe(`${'😀'.repeat(1023)}…`);
});
