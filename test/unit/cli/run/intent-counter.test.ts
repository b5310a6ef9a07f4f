import { describe, expect, test } from 'vitest';
import type { Condition, PatchIntent } from '../../../../src/api/types.ts';
import { intentCounter } from '../../../../src/cli/run/intent-counter.ts';
import { intent as draft } from '../../../support/intents.ts';

interface Case {
  readonly uid?: string;
  readonly generation?: number;
  readonly observed?: number;
  readonly ready?: readonly [status: Condition['status'], reason: string];
  readonly deleted?: boolean;
  /** Beside Ready. */
  readonly others?: readonly Condition[];
}

const START = '2026-01-01T00:00:00Z';

function condition(type: string, status: Condition['status'], reason: string, lastTransitionTime = START): Condition {
  return { type, status, reason, message: '', lastTransitionTime };
}

function intent({ uid = 'u1', generation = 1, observed = -1, ready, deleted = false, others = [] }: Case): PatchIntent {
  const conditions = [...others, ...(ready === undefined ? [] : [condition('Ready', ...ready)])];
  return draft({
    uid,
    generation,
    status: { observedGeneration: observed, conditions },
    ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
  });
}

function counting() {
  const clock = { ms: 0, monotonic: () => clock.ms, now: () => new Date(Date.parse(START) + clock.ms) };
  return { clock, count: intentCounter(clock) };
}

describe('the intent counter', () => {
  test('an intent without a Ready condition counts as Unknown, and one that is not ready by its reason', () => {
    const { count } = counting();
    const { ready, notReady } = count([
      intent({ uid: 'a' }),
      intent({ uid: 'b', observed: 1, ready: ['True', 'PackageWritten'] }),
      intent({ uid: 'c', observed: 1, ready: ['False', 'StorageFull'] }),
      intent({ uid: 'd', observed: 1, ready: ['False', 'StorageFull'] }),
      intent({ uid: 'e', observed: 1, ready: ['False', 'InvalidSpec'] }),
    ]);
    expect(ready).toEqual({ True: 1, False: 3, Unknown: 1 });
    expect([...notReady]).toEqual([
      ['StorageFull', 2],
      ['InvalidSpec', 1],
    ]);
  });

  test('a status that speaks of an older spec ages from count to count, until it moves', () => {
    const { clock, count } = counting();
    const lagging = intent({ generation: 3, observed: 1 });
    expect(count([lagging])).toMatchObject({ outdated: 1, outdatedSeconds: 0 });
    clock.ms = 60_000;
    expect(count([intent({ generation: 4, observed: 1 })])).toMatchObject({ outdated: 1, outdatedSeconds: 60 });
    clock.ms = 90_000;
    expect(count([intent({ generation: 5, observed: 4 })])).toMatchObject({ outdated: 1, outdatedSeconds: 0 });
    clock.ms = 100_000;
    expect(count([intent({ generation: 5, observed: 5 })])).toMatchObject({ outdated: 0, outdatedSeconds: 0 });
  });

  test('of several the oldest is told', () => {
    const { clock, count } = counting();
    count([intent({ uid: 'old' })]);
    clock.ms = 10_000;
    count([intent({ uid: 'old' }), intent({ uid: 'new' })]);
    clock.ms = 15_000;
    expect(count([intent({ uid: 'new' }), intent({ uid: 'old' })])).toMatchObject({ outdated: 2, outdatedSeconds: 15 });
    expect(count([intent({ uid: 'new' })])).toMatchObject({ outdated: 1, outdatedSeconds: 5 });
  });

  test('an intent that is created anew, or being deleted, is not the old one', () => {
    const { clock, count } = counting();
    count([intent({ uid: 'first' })]);
    clock.ms = 10_000;
    expect(count([intent({ uid: 'second' })])).toMatchObject({ outdated: 1, outdatedSeconds: 0 });
    expect(count([intent({ uid: 'second', deleted: true })])).toMatchObject({ outdated: 0 });
  });

  test.each(['AwaitingApproval', 'ApprovalStale', 'ApprovalExpired', 'ApprovalNotCounted', 'ApprovalUnguarded'])(
    'an intent with %s waits for people',
    (reason) => {
      const { count } = counting();
      expect(count([intent({ ready: ['False', reason] })])).toMatchObject({ awaitingApproval: 1 });
    },
  );

  test.each<Case>([
    { ready: ['False', 'ApprovalRejected'] },
    { ready: ['False', 'OutsideWindow'], others: [condition('Approved', 'False', 'AwaitingApproval')] },
    { ready: ['True', 'PackageWritten'], others: [condition('Approved', 'True', 'Approved')] },
    { ready: ['False', 'AwaitingApproval'], deleted: true },
    {},
  ])('what was answered, waits for something else, or goes does not wait for people: %j', (some) => {
    const { clock, count } = counting();
    clock.ms = 60_000;
    expect(count([intent(some)])).toMatchObject({ awaitingApproval: 0, awaitingApprovalSeconds: 0 });
  });

  test('waiting for people is as old as the oldest that is not approved, whatever Ready said before', () => {
    const { clock, count } = counting();
    clock.ms = 3_600_000;
    const later = '2026-01-01T00:50:00Z';
    const young = intent({
      uid: 'a',
      ready: ['False', 'AwaitingApproval'],
      others: [condition('Approved', 'False', 'AwaitingApproval', later)],
    });
    const old = intent({ uid: 'b', ready: ['False', 'ApprovalStale'] });
    expect(count([young])).toMatchObject({ awaitingApproval: 1, awaitingApprovalSeconds: 600 });
    expect(count([young, old])).toMatchObject({ awaitingApproval: 2, awaitingApprovalSeconds: 3_600 });
  });

  test('a time ahead of the clock, or no time at all, is no age', () => {
    const { count } = counting();
    const at = (time: string) => [condition('Approved', 'False', 'AwaitingApproval', time)];
    const ahead = intent({ ready: ['False', 'AwaitingApproval'], others: at('2027-01-01T00:00:00Z') });
    const strange = intent({ uid: 'b', ready: ['False', 'AwaitingApproval'], others: at('yesterday') });
    expect(count([ahead, strange])).toMatchObject({ awaitingApproval: 2, awaitingApprovalSeconds: 0 });
  });

  test('a conflict counts by who has the field, and only while it is there', () => {
    const { count } = counting();
    const conflicts = [
      condition('Conflicted', 'True', 'ManagedByAutoscaler'),
      condition('Conflicted', 'True', 'ConflictingIntent'),
      condition('Conflicted', 'True', 'ConflictingIntent'),
      condition('Conflicted', 'True', 'constructor'),
      condition('Conflicted', 'False', 'ManagedByAutoscaler'),
    ];
    const all = conflicts.map((one, i) => intent({ uid: `${i}`, ready: ['False', one.reason], others: [one] }));
    expect(count(all).conflicts).toEqual({ autoscaler: 1, intent: 2 });
    expect(count([]).conflicts).toEqual({ autoscaler: 0, intent: 0 });
  });
});
