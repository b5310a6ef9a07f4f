import { describe, expect, test } from 'vitest';
import type { PatchPolicySpec } from '../../../../src/api/schema/patchpolicy.ts';
import { countPolicies } from '../../../../src/cli/run/policy-counter.ts';
import { failed } from '../../../../src/policy/brake.ts';
import type { StoredPolicy } from '../../../../src/reconcile/permit/stored-policy.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const storm = { failures: 1, window: '10m', coolDown: '30m' };
const ready = (status: unknown, observedGeneration = 2) => ({
  conditions: [{ type: 'Ready', status, observedGeneration }],
});

function policy(status: unknown, spec: unknown = { storm }): StoredPolicy {
  const metadata = { name: 'p', uid: 'u', resourceVersion: '1', generation: 2 };
  return { metadata, spec: spec as PatchPolicySpec, status };
}

describe('policies are counted', () => {
  test('by their Ready condition', () => {
    const { ready: counts } = countPolicies(
      [ready('True'), ready('True'), ready('False')].map((it) => policy(it)),
      NOW,
    );
    expect(counts).toEqual({ True: 2, False: 1, Unknown: 0 });
  });

  test.each([
    ['nobody has looked at it', undefined],
    ['what was said is of an older spec', ready('True', 1)],
    ['somebody wrote nonsense', ready('Yes')],
    ['there are no conditions', { conditions: 'none' }],
    ['one is no object', { conditions: [null, 'Ready'] }],
    ['the status is text', 'fine'],
  ])('as Unknown where %s', (_, status) => {
    expect(countPolicies([policy(status)], NOW).ready).toEqual({ True: 0, False: 0, Unknown: 1 });
  });

  test('as braking from the failure that is one too many until the cool-down is over', () => {
    const trippedAgo = (minutes: number) =>
      failed({ failures: [] }, storm, 'x', new Date(NOW.getTime() - minutes * 60_000));
    const braking = (minutes: number) => countPolicies([policy({ storm: trippedAgo(minutes) })], NOW).braking;
    expect([0, 29, 30, 90].map(braking)).toEqual([1, 1, 0, 0]);
  });

  test.each<[string, unknown, unknown]>([
    ['the spec has no brake any more', {}, { failures: [], trippedAt: NOW.getTime() }],
    ['the brake is no brake', { storm: 'on' }, { failures: [], trippedAt: NOW.getTime() }],
    ['its cool-down is no duration', { storm: { ...storm, coolDown: 'long' } }, { failures: [], trippedAt: 1 }],
    ['nothing has tripped it', { storm }, { failures: [] }],
    ['the status is nonsense', { storm }, { trippedAt: 'now' }],
    ['the spec is not there', null, { failures: [], trippedAt: NOW.getTime() }],
  ])('as not braking where %s', (_, spec, state) => {
    expect(countPolicies([policy({ storm: state }, spec)], NOW).braking).toBe(0);
  });
});
