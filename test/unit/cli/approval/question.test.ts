import { describe, expect, test } from 'vitest';
import type { Condition, PatchIntent, PatchIntentStatus } from '../../../../src/api/types.ts';
import { approvalCondition, objectionTo, type Question } from '../../../../src/cli/approval/question.ts';
import type { Decision } from '../../../../src/cli/approval/read.ts';
import { questionView } from '../../../../src/cli/approval/view.ts';
import { painter } from '../../../../src/cli/output.ts';
import type { ApprovalQuestion } from '../../../../src/reconcile/permit/approvals.ts';
import { decideApproval } from '../../../../src/reconcile/permit/decide-approval.ts';
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

/** An intent of bob's with the status that the operator writes. */
function toldBy(known: Partial<ApprovalQuestion>, requestedBy: string | null = 'bob'): PatchIntent {
  const { reason, message } = decideApproval({
    intent: { namespace: 'shop', name: 'web' },
    requirement: { approvals: 1, timeToLiveMs: 24 * HOUR, author: 'Refuse' },
    planDigest: PLAN,
    ...(requestedBy === null ? {} : { requestedBy }),
    intentCreatedAt: new Date(0),
    approvals: [],
    guard: { trustedSince: new Date(0) },
    now: NOW,
    ...known,
  });
  const conditions = [{ ...condition('Approved', 'False', reason), message }];
  const told = intent({ ...WAITING, conditions });
  const { requestedBy: _, ...spec } = told.spec;
  return { ...told, spec: requestedBy === null ? spec : { ...spec, requestedBy } };
}

describe('an objection', () => {
  test('is there none where the plan awaits the approval of somebody who has a say', () => {
    expect(ask()).toBeUndefined();
    expect(ask({}, 'Approve', PLAN)).toBeUndefined();
    expect(ask({}, 'Reject')).toBeUndefined();
  });

  test.each(['AwaitingApproval', 'ApprovalStale', 'ApprovalExpired', 'ApprovalNotCounted', 'ApprovalUnguarded'])(
    'is none while it is %s',
    (reason) => {
      for (const verb of ['Approve', 'Reject'] as const)
        expect(ask({ intent: intent(withApproved(reason)) }, verb)).toBeUndefined();
    },
  );

  test('is there as long as the guard is broken, and not because an approval is older than the guard', () => {
    const said = [decision('carol')];
    const broken = toldBy({ guard: { broken: 'no policy' }, approvals: said });
    for (const verb of ['Approve', 'Reject'] as const) {
      const words = /^a decision on shop\/web would not count now: .*no policy/;
      expect(ask({ intent: broken }, verb)).toEqual({ canBeForced: true, message: expect.stringMatching(words) });
    }
    expect(ask({ intent: toldBy({ guard: { broken: 'no policy' } }) })?.canBeForced).toBe(true);
    const older = toldBy({ guard: { trustedSince: NOW }, approvals: said });
    expect(approvalCondition(older)?.reason).toBe('ApprovalUnguarded');
    expect(ask({ intent: older, decisions: said })).toBeUndefined();
    expect(ask({ intent: older, decisions: said }, 'Reject')).toBeUndefined();
  });

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

  test('keeps the author from approving where only the status tells what the policies want', () => {
    const blind = { unread: ['prod'] };
    for (const approvals of [[], [decision('bob')], [decision('bob', { planDigest: 'b'.repeat(64) })]]) {
      const told = toldBy({ approvals });
      expect(ask({ caller: 'bob', wanted: blind, intent: told })).toEqual({
        canBeForced: true,
        message: expect.stringContaining('somebody else must'),
      });
      expect(ask({ caller: 'bob', wanted: blind, intent: told }, 'Reject')).toBeUndefined();
      expect(ask({ caller: 'alice', wanted: blind, intent: told })).toBeUndefined();
    }
    const allowed = toldBy({ requirement: { approvals: 1, timeToLiveMs: HOUR, author: 'Allow' } });
    expect(ask({ caller: 'bob', wanted: blind, intent: allowed })).toBeUndefined();
    const nobody = toldBy({}, null);
    expect(ask({ wanted: blind, intent: nobody })?.message).toContain('does not say who asks');
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

  test('is none where what the same person has approved is older than the intent or than the guard', () => {
    const own = [decision('alice')];
    const created = (at: Date): PatchIntent => ({
      ...intent(),
      metadata: { ...intent().metadata, creationTimestamp: at.toISOString() },
    });
    expect(ask({ decisions: own, intent: created(NOW) })).toBeUndefined();
    expect(ask({ decisions: own, intent: created(new Date(NOW.getTime() - HOUR)) })?.message).toContain('web-alice');
    const since = { trustedSince: new Date(NOW.getTime() - HOUR / 2) };
    const counted = decision('carol', { createdAt: NOW });
    const requirement = { approvals: 2, timeToLiveMs: 24 * HOUR, author: 'Refuse' } as const;
    for (const approvals of [own, [...own, counted]]) {
      const told = toldBy({ guard: since, approvals, requirement });
      expect(ask({ decisions: approvals, intent: told })).toBeUndefined();
    }
    const told = toldBy({ guard: since, approvals: [counted], requirement });
    expect(ask({ caller: 'carol', decisions: [counted], intent: told })?.message).toContain('web-carol');
  });

  test('is none where the operator names not all who do not count, unless it names the same person as one who does', () => {
    const guard = { trustedSince: new Date(NOW.getTime() - HOUR / 2) };
    const requirement = { approvals: 2, timeToLiveMs: 24 * HOUR, author: 'Refuse' } as const;
    const counted = decision('carol', { createdAt: NOW });
    for (const planDigest of [PLAN, 'b'.repeat(64)]) {
      const others = ['a1', 'a2', 'a3', 'a4', 'a5'].map((name) => decision(name, { planDigest }));
      const decisions = [...others, decision('alice'), counted];
      const told = toldBy({ guard, approvals: decisions, requirement });
      expect(approvalCondition(told)?.message).toMatch(/^1 of 2 approvals \(carol\); .*, 1 more; to decide: /);
      expect(ask({ decisions, intent: told })).toBeUndefined();
      expect(ask({ caller: 'carol', decisions, intent: told })?.message).toContain('web-carol');
      const all = toldBy({ guard, approvals: [...others, counted], requirement });
      expect(ask({ decisions, intent: all })?.message).toContain('web-alice');
    }
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

  test('counts what was decided on other plans, so that hundreds of it do not bury the diff', () => {
    const old = Array.from({ length: 300 }, (_, i) => decision(`user-${i}`, { planDigest: 'b'.repeat(64) }));
    const text = questionView(question({ decisions: [...old, decision('carol')] }), paint);
    expect(text.match(/Decided .*/g)).toEqual([
      expect.stringMatching(/^Decided +300 times on other plans, the last by user-299 60m ago$/),
      expect.stringMatching(/^Decided +carol approved this plan 60m ago$/),
    ]);
  });

  test('what could not be read is said to be unknown', () => {
    const text = questionView(question({ decisions: { unread: 'forbidden' }, wanted: { unread: ['prod'] } }), paint);
    expect(text).toMatch(/Unknown +who has decided so far: forbidden\n/);
    expect(text).toMatch(/Unknown +what policy prod wants of approvals/);
    expect(text).not.toContain('nobody so far');
  });
});
