import { describe, expect, test } from 'vitest';
import { Rejected, Waiting } from '../../../../src/api/errors.ts';
import { resolveSpec } from '../../../../src/api/resolve.ts';
import { timedTargets, watchedGuard } from '../../../../src/cli/run/instruments.ts';
import type { Targets } from '../../../../src/reconcile/permit/world.ts';
import type { Base } from '../../../../src/reconcile/plan/base.ts';
import { goodSpec } from '../../../support/intents.ts';

const SPEC = resolveSpec(goodSpec, 'shop');
const FOUND: Base = { state: 'found', uid: 'u', resourceVersion: '1', replicas: 3, labels: {}, warnings: [] };

/** Each read takes two seconds. */
function reading(read: () => Promise<Base>) {
  const clock = { ms: 0, monotonic: () => clock.ms };
  const told: [string, number][] = [];
  const targets: Targets = {
    read: () => {
      clock.ms += 2_000;
      return read();
    },
    dryRun: async () => ['quota'],
  };
  return { told, targets: timedTargets(targets, { read: (...it) => void told.push(it) }, clock) };
}

describe('a look at a target', () => {
  test.each<[string, Base]>([
    ['found', FOUND],
    ['missing', { state: 'missing' }],
    ['unreadable', { state: 'unreadable', why: 'forbidden' }],
  ])('that ends as %s counts as that, with its time, and is passed on', async (result, base) => {
    const { targets, told } = reading(async () => base);
    expect(await targets.read(SPEC, new AbortController().signal)).toBe(base);
    expect(told).toEqual([[result, 2]]);
  });

  test('that is not made does not count', async () => {
    const { targets, told } = reading(async () => ({ state: 'not-asked' }));
    await targets.read(SPEC, new AbortController().signal);
    expect(told).toEqual([]);
  });

  test.each([
    ['unsupported', new Rejected('UnsupportedTargetKind', 'no')],
    ['failed', new Error('no answer')],
    ['failed', new Waiting('TargetUnreadable', 'later')],
  ])('that throws counts as %s, and throws on', async (result, error) => {
    const { targets, told } = reading(async () => {
      throw error;
    });
    await expect(targets.read(SPEC, new AbortController().signal)).rejects.toBe(error);
    expect(told).toEqual([[result, 2]]);
  });

  test('that is given up because the run ends does not count as a failure', async () => {
    const { targets, told } = reading(async () => {
      throw new Error('aborted');
    });
    await expect(targets.read(SPEC, AbortSignal.abort())).rejects.toThrow('aborted');
    expect(told).toEqual([]);
  });

  test('for a dry run is passed on', async () => {
    const { targets } = reading(async () => FOUND);
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
    expect(await targets.dryRun({}, target, new AbortController().signal)).toEqual(['quota']);
  });
});

test.each([
  ['off', 'not-asked' as const],
  ['broken', { broken: 'the binding is missing' }],
  ['intact', { trustedSince: new Date(0) }],
])('the guard tells that it is %s, and is passed on', async (word, state) => {
  const told: string[] = [];
  const guard = watchedGuard({ state: async () => state }, (seen) => void told.push(seen));
  expect(await guard.state(new AbortController().signal)).toBe(state);
  expect(told).toEqual([word]);
});
