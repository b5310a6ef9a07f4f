import { describe, expect, test } from 'vitest';
import type { Condition, PatchIntent } from '../../../../src/api/types.ts';
import { intentCounter } from '../../../../src/cli/run/intent-counter.ts';
import { intent as draft } from '../../../support/intents.ts';

interface Case {
  readonly uid?: string;
  readonly generation?: number;
  readonly observed?: number;
  readonly ready?: readonly [status: 'True' | 'False' | 'Unknown', reason: string];
  readonly deleted?: boolean;
}

function intent({ uid = 'u1', generation = 1, observed = -1, ready, deleted = false }: Case): PatchIntent {
  const [status, reason] = ready ?? [];
  const conditions: Condition[] =
    status === undefined || reason === undefined
      ? []
      : [{ type: 'Ready', status, reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }];
  return draft({
    uid,
    generation,
    status: { observedGeneration: observed, conditions },
    ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
  });
}

function counting() {
  const clock = { ms: 0, monotonic: () => clock.ms };
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
});
