import { describe, expect, test } from 'vitest';
import type { Condition, PatchIntent, PatchIntentStatus } from '../../../../src/api/types.ts';
import { objectionTo, type Question } from '../../../../src/cli/approval/question.ts';
import type { Decision } from '../../../../src/cli/approval/read.ts';
import { questionView } from '../../../../src/cli/approval/view.ts';
import { painter } from '../../../../src/cli/output.ts';
import { recordedIo } from '../../../support/io.ts';

const NOW = new Date('2026-01-02T00:00:00Z');
const PLAN = 'a'.repeat(64);
const HOUR = 3_600_000;

const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: `${reason} it is`,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

const WAITING: PatchIntentStatus = {
  observedGeneration: 2,
  change: 'replicas 3 → 5',
  plan: { changeDigest: 'c'.repeat(64), planDigest: PLAN, diff: '-replicas: 3\n+replicas: 5\n' },
  conditions: [condition('Ready', 'False', 'AwaitingApproval'), condition('Approved', 'False', 'AwaitingApproval')],
};

function intent(status: PatchIntentStatus = WAITING, requestedBy: string | undefined = 'bob'): PatchIntent {
  const metadata = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1', generation: 2 };
  const author = requestedBy === undefined ? {} : { requestedBy };
  return {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchIntent',
    metadata,
    spec: { intentType: 'scaling', target: 'web', replicas: 5, ...author },
    status,
  };
}

const decision = (approver: string, more: Partial<Decision> = {}): Decision => ({
  name: `web-${approver}`,
  uid: approver,
  createdAt: new Date(NOW.getTime() - HOUR),
  planDigest: PLAN,
  decision: 'Approve',
  approver,
  ...more,
});

function question(more: Partial<Question> = {}): Question {
  const requirement = { approvals: 2, timeToLiveMs: 24 * HOUR, author: 'Refuse' } as const;
  return { intent: intent(), caller: 'alice', decisions: [], wanted: { requirement, unread: [] }, now: NOW, ...more };
}

const ask = (more?: Partial<Question>, verb: 'Approve' | 'Reject' = 'Approve', digest?: string) =>
  objectionTo(question(more), verb, digest);

const withApproved = (reason: string, status: Condition['status'] = 'False'): PatchIntentStatus => ({
  ...WAITING,
  conditions: [condition('Ready', 'False', 'AwaitingApproval'), condition('Approved', status, reason)],
});

describe('an objection', () => {
  test('is there none where the plan awaits the approval of somebody who has a say', () => {
    expect(ask()).toBeUndefined();
    expect(ask({}, 'Approve', PLAN)).toBeUndefined();
    expect(ask({}, 'Reject')).toBeUndefined();
  });

  test.each(['AwaitingApproval', 'ApprovalStale', 'ApprovalExpired', 'ApprovalNotCounted'])(
    'is none while it is %s',
    (reason) => {
      expect(ask({ intent: intent(withApproved(reason)) })).toBeUndefined();
    },
  );

  test.each([
    ['an older generation was handled', { ...WAITING, observedGeneration: 1 }],
    ['none was', {}],
    ['there is no plan', { ...WAITING, plan: { changeDigest: 'c'.repeat(64) } }],
  ])('can not be forced where %s', (_, status) => {
    expect(ask({ intent: intent(status) })).toMatchObject({ canBeForced: false });
  });

  test('can not be forced where the plan is another one than the person looked at, or the intent goes', () => {
    expect(ask({}, 'Approve', 'b'.repeat(64))).toMatchObject({ canBeForced: false });
    const { metadata, ...rest } = intent();
    const going = { ...rest, metadata: { ...metadata, deletionTimestamp: NOW.toISOString() } };
    expect(ask({ intent: going })).toMatchObject({ canBeForced: false });
  });

  test.each([
    ['ApprovalRejected', /was rejected/],
    ['ApprovalUnguarded', /would not count/],
    ['SomethingNew', /nothing of shop\/web awaits approval/],
  ])('is there while it is %s, and can be forced', (reason, words) => {
    for (const verb of ['Approve', 'Reject'] as const) {
      const objection = ask({ intent: intent(withApproved(reason)) }, verb);
      expect(objection).toEqual({ canBeForced: true, message: expect.stringMatching(words) });
    }
  });

  test('is there where all that was needed is approved, or nobody was ever asked', () => {
    expect(ask({ intent: intent(withApproved('Approved', 'True')) })?.message).toContain('nothing of shop/web awaits');
    const unasked = { ...WAITING, conditions: [condition('Ready', 'False', 'OutsideWindow')] };
    expect(ask({ intent: intent(unasked) })?.message).toContain('OutsideWindow');
  });

  test('keeps the author from approving, and not from rejecting', () => {
    expect(ask({ caller: 'bob' })?.message).toContain('somebody else must');
    expect(ask({ caller: 'bob' }, 'Reject')).toBeUndefined();
    const requirement = { approvals: 1, timeToLiveMs: HOUR, author: 'Allow' } as const;
    expect(ask({ caller: 'bob', wanted: { requirement, unread: [] } })).toBeUndefined();
  });

  test('is there where the author may not approve and nobody knows who that is', () => {
    const { requestedBy: _, ...spec } = intent().spec;
    expect(ask({ intent: { ...intent(), spec } })?.message).toContain('does not say who asks');
  });

  test('tells who has approved this very plan that they count once, as long as that counts', () => {
    expect(ask({ decisions: [decision('alice')] })?.message).toContain('web-alice');
    expect(ask({ decisions: [decision('alice')] }, 'Reject')).toBeUndefined();
    for (const other of [
      decision('carol'),
      decision('alice', { planDigest: 'b'.repeat(64) }),
      decision('alice', { decision: 'Reject' }),
      decision('alice', { createdAt: new Date(NOW.getTime() - 24 * HOUR) }),
    ])
      expect(ask({ decisions: [other] })).toBeUndefined();
  });
});

describe('the page', () => {
  const paint = painter(recordedIo());

  test('tells who decided what, on which plan and why', () => {
    const decisions = [
      decision('carol', { comment: 'fine \u001b[2J' }),
      decision('dave', { planDigest: 'b'.repeat(64), decision: 'Reject' }),
    ];
    const text = questionView(question({ decisions }), paint);
    expect(text).toMatch(/Decided +carol approved this plan 60m ago: fine \\u001b\[2J\n/);
    expect(text).toMatch(/Decided +dave rejected another plan 60m ago\n/);
    expect(text).toMatch(/Together +2 within 24h, not of its author\n/);
    expect(text).toContain('  +replicas: 5\n');
  });

  test('what could not be read is said to be unknown', () => {
    const text = questionView(question({ decisions: { unread: 'forbidden' }, wanted: { unread: ['prod'] } }), paint);
    expect(text).toMatch(/Unknown +who has decided so far: forbidden\n/);
    expect(text).toMatch(/Unknown +what policy prod wants of approvals/);
    expect(text).not.toContain('nobody so far');
  });
});
