import { describe, expect, test } from 'vitest';
import type { Condition, PatchIntent } from '../../../../src/api/types.ts';
import { endingOf, waitFor } from '../../../../src/cli/approval/wait.ts';
import { ManualClock } from '../../../support/clock.ts';

const PLAN = 'a'.repeat(64);

interface Given {
  readonly uid?: string;
  readonly observed?: number;
  readonly plan?: string;
  readonly conditions?: readonly (readonly [type: string, status: Condition['status'], reason: string])[];
}

function intent({ uid = 'u', observed = 2, plan = PLAN, conditions = [] }: Given = {}): PatchIntent {
  return {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchIntent',
    metadata: { name: 'web', namespace: 'shop', uid, resourceVersion: '1', generation: 2 },
    spec: { intentType: 'scaling', target: 'web', replicas: 5 },
    status: {
      observedGeneration: observed,
      plan: { changeDigest: 'c'.repeat(64), planDigest: plan },
      conditions: conditions.map(([type, status, reason]) => ({
        type,
        status,
        reason,
        message: 'm',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
    },
  };
}

const awaiting = intent({ conditions: [['Ready', 'False', 'AwaitingApproval']] });
const approval = { decision: 'Approve', uid: 'u', planDigest: PLAN } as const;
const rejection = { ...approval, decision: 'Reject' } as const;

describe('waiting', () => {
  test('goes on while the intent waits for more people, or for a window', () => {
    expect(endingOf(awaiting, approval)).toBeUndefined();
    expect(endingOf(intent({ conditions: [['Ready', 'False', 'OutsideWindow']] }), approval)).toBeUndefined();
  });

  test('for an approval ends well when the intent is Ready', () => {
    const ready = intent({ conditions: [['Ready', 'True', 'PackageWritten']] });
    expect(endingOf(ready, approval)).toEqual({ done: 'shop/web is Ready: m' });
  });

  test('for a rejection ends well when it is rejected, which for an approval is the end as well', () => {
    const rejected = intent({
      conditions: [
        ['Ready', 'False', 'ApprovalRejected'],
        ['Stalled', 'True', 'ApprovalRejected'],
      ],
    });
    expect(endingOf(rejected, rejection)).toEqual({ done: 'shop/web is rejected' });
    expect(endingOf(rejected, approval)).toEqual({ not: 'shop/web is rejected: ApprovalRejected: m' });
  });

  test.each([
    ['another intent has the name', intent({ uid: 'v' }), /deleted and created again/],
    ['the spec changed', intent({ observed: 1 }), /the spec .* has changed/],
    ['the plan changed', intent({ plan: 'b'.repeat(64) }), /the plan .* has changed/],
    ['it is stalled', intent({ conditions: [['Stalled', 'True', 'PolicyDenied']] }), /goes no further/],
  ])('ends where %s', (_, it, words) => {
    for (const decided of [approval, rejection]) {
      expect(endingOf(it, decided)).toEqual({ not: expect.stringMatching(words) });
    }
  });

  test('ends where the decision does not count, unless that is what was said before it', () => {
    const said = (reason: string) =>
      intent({
        conditions: [
          ['Ready', 'False', 'AwaitingApproval'],
          ['Approved', 'False', reason],
        ],
      });
    for (const reason of ['ApprovalUnguarded', 'ApprovalNotCounted']) {
      expect(endingOf(said(reason), { ...approval, before: 'AwaitingApproval' })).toEqual({
        not: 'the decision on shop/web does not count: m',
      });
      expect(endingOf(said(reason), { ...approval, before: reason })).toBeUndefined();
    }
    expect(endingOf(said('ApprovalExpired'), { ...approval, before: 'ApprovalStale' })).toBeUndefined();
  });

  test('looks again each second, and ends at the time with what it saw last', async () => {
    const clock = new ManualClock();
    const reads: number[] = [];
    const read = async () => {
      reads.push(clock.monotonic());
      return awaiting;
    };
    const ending = waitFor(read, { ...approval, timeoutMs: 2_500, clock });
    await clock.advance(10_000);
    expect(await ending).toEqual({ not: 'shop/web is not Ready in time: AwaitingApproval: m' });
    expect(reads.map((at) => at - (reads[0] ?? 0))).toEqual([0, 1_000, 2_000, 3_000]);
  });
});
