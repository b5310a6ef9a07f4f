import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Approval, ApprovalQuestion, ApprovalState } from '../../../../src/reconcile/permit/approvals.ts';
import { decideApproval } from '../../../../src/reconcile/permit/decide-approval.ts';

const HOUR = 3_600_000;
const NOW = new Date('2026-03-01T12:00:00Z');
const PLAN = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const hoursAgo = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR);

function approval(approver: string, given: Partial<Approval> = {}): Approval {
  const uid = `${approver}-${given.createdAt?.getTime() ?? ''}`;
  return { name: uid, uid, createdAt: hoursAgo(1), planDigest: PLAN, decision: 'Approve', approver, ...given };
}

interface Given extends Partial<Omit<ApprovalQuestion, 'requirement'>> {
  readonly requirement?: Partial<ApprovalQuestion['requirement']>;
}

function question({ requirement, ...given }: Given = {}): ApprovalQuestion {
  return {
    intent: { namespace: 'shop', name: 'web' },
    requirement: { approvals: 1, timeToLiveMs: 24 * HOUR, author: 'Refuse', ...requirement },
    planDigest: PLAN,
    requestedBy: 'ada',
    intentCreatedAt: hoursAgo(100),
    approvals: [],
    guard: { trustedSince: hoursAgo(200) },
    now: NOW,
    ...given,
  };
}

const withoutAuthor = ({ requestedBy: _author, ...rest }: ApprovalQuestion): ApprovalQuestion => rest;
const reasonOf = (given: Given): ApprovalState['reason'] => decideApproval(question(given)).reason;

describe('one approval', () => {
  test('of this very plan lets it go ahead, and says by whom', () => {
    expect(decideApproval(question({ approvals: [approval('jane')] }))).toEqual({
      given: true,
      reason: 'Approved',
      message: 'approved by jane',
    });
  });

  const cases: Readonly<Record<string, readonly [Given, ApprovalState['reason']]>> = {
    'nothing was said': [{}, 'AwaitingApproval'],
    'of another plan': [{ approvals: [approval('jane', { planDigest: OTHER })] }, 'ApprovalStale'],
    'of a day ago': [{ approvals: [approval('jane', { createdAt: hoursAgo(24) })] }, 'ApprovalExpired'],
    'from before the intent': [
      { approvals: [approval('jane', { createdAt: hoursAgo(3) })], intentCreatedAt: hoursAgo(2) },
      'ApprovalNotCounted',
    ],
    'of the author': [{ approvals: [approval('ada')] }, 'ApprovalNotCounted'],
    'from before the guard': [
      { approvals: [approval('jane')], guard: { trustedSince: hoursAgo(0.5) } },
      'ApprovalUnguarded',
    ],
    'without a guard': [{ approvals: [approval('jane')], guard: { broken: 'no policy' } }, 'ApprovalUnguarded'],
    'of another plan and without a guard': [
      { approvals: [approval('jane', { planDigest: OTHER })], guard: { broken: 'no policy' } },
      'ApprovalStale',
    ],
  };
  for (const [what, [given, reason]] of Object.entries(cases)) {
    test(`${what} is ${reason}`, () => {
      const state = decideApproval(question(given));
      expect(state).toMatchObject({ given: false, reason });
      expect(state).not.toHaveProperty('until');
      expect(state.message).toMatch(/^0 of 1 approvals; .*to decide: patchgen approve web --namespace shop$/);
    });
  }

  test('counts to the last millisecond of its time, and no longer', () => {
    const at = (createdAt: Date): boolean =>
      decideApproval(question({ approvals: [approval('jane', { createdAt })] })).given;
    expect([at(new Date(hoursAgo(24).getTime() + 1)), at(hoursAgo(24))]).toEqual([true, false]);
  });

  test('of the same second as the intent and the guard counts: the server gives no finer times', () => {
    const createdAt = hoursAgo(1);
    const given = { approvals: [approval('jane')], intentCreatedAt: createdAt, guard: { trustedSince: createdAt } };
    expect(reasonOf(given)).toBe('Approved');
  });

  test('counts unguarded where no guard is asked for', () => {
    expect(reasonOf({ approvals: [approval('jane')], guard: 'not-asked' })).toBe('Approved');
  });

  test('of the author counts where the policy lets authors approve', () => {
    expect(reasonOf({ approvals: [approval('ada')], requirement: { author: 'Allow' } })).toBe('Approved');
  });

  test('given again after it went stale counts, whatever lies around', () => {
    const approvals = [
      approval('jane', { planDigest: OTHER }),
      approval('jane'),
      approval('jane', { createdAt: hoursAgo(30) }),
    ];
    expect(reasonOf({ approvals })).toBe('Approved');
  });
});

describe('an intent that does not say who asks', () => {
  test('can not be approved by anybody where a policy refuses the author, and says so before anybody tries', () => {
    const words = 'nobody can approve it while spec.requestedBy does not say who asks';
    const nothing = decideApproval(withoutAuthor(question()));
    expect(nothing).toMatchObject({ reason: 'AwaitingApproval', message: expect.stringContaining(words) });
    const approved = decideApproval(withoutAuthor(question({ approvals: [approval('jane')] })));
    expect(approved).toMatchObject({ reason: 'ApprovalNotCounted', message: expect.stringContaining(words) });
  });

  test('can be approved where authors may', () => {
    const asked = question({ approvals: [approval('jane')], requirement: { author: 'Allow' } });
    expect(decideApproval(withoutAuthor(asked)).given).toBe(true);
  });

  test('can be rejected', () => {
    const asked = question({ approvals: [approval('jane', { decision: 'Reject' })] });
    expect(decideApproval(withoutAuthor(asked)).reason).toBe('ApprovalRejected');
  });
});

describe('two approvals', () => {
  const two = { approvals: 2 };

  test('are of two people', () => {
    const twice = [approval('jane'), approval('jane', { createdAt: hoursAgo(2) })];
    expect(reasonOf({ approvals: twice, requirement: two })).toBe('AwaitingApproval');
    expect(decideApproval(question({ approvals: [approval('jane'), approval('bob')], requirement: two }))).toEqual({
      given: true,
      reason: 'Approved',
      message: 'approved by bob, jane',
    });
  });

  test('wait until the first one is too old, by the latest word of that person', () => {
    const approvals = [approval('jane', { createdAt: hoursAgo(20) }), approval('jane', { createdAt: hoursAgo(4) })];
    expect(decideApproval(question({ approvals, requirement: two }))).toEqual({
      given: false,
      reason: 'AwaitingApproval',
      message: '1 of 2 approvals (jane); not by ada; to decide: patchgen approve web --namespace shop',
      until: new Date(NOW.getTime() + 20 * HOUR),
    });
  });

  test('of three that are needed wait until the one that gets too old first', () => {
    const approvals = [approval('jane', { createdAt: hoursAgo(4) }), approval('bob', { createdAt: hoursAgo(9) })];
    const state = decideApproval(question({ approvals, requirement: { approvals: 3 } }));
    expect(state).toMatchObject({ until: new Date(NOW.getTime() + 15 * HOUR) });
  });

  test('the message says of everybody why they do not count', () => {
    const approvals = [
      approval('jane'),
      approval('ada'),
      approval('bob', { planDigest: OTHER }),
      approval('carol', { createdAt: hoursAgo(25) }),
      approval('dave', { planDigest: OTHER, decision: 'Reject' }),
    ];
    expect(decideApproval(question({ approvals, requirement: two })).message).toBe(
      '1 of 2 approvals (jane); not counted: ada (asks for the change), bob (approved another plan), ' +
        'carol (approved too long ago), dave (rejected another plan); to decide: patchgen approve web --namespace shop',
    );
  });
});

test('the author is told that it takes somebody else, whatever else of theirs lies around', () => {
  const asking = 'ada (asks for the change)';
  const told = (approvals: readonly Approval[]) => decideApproval(question({ approvals })).message;
  for (const other of [
    approval('ada', { planDigest: OTHER }),
    approval('ada', { createdAt: hoursAgo(101) }),
    approval('ada', { planDigest: OTHER, decision: 'Reject' }),
  ]) {
    expect(told([other])).toContain('; not by ada; not counted: ada (');
  }
  expect(told([approval('ada')])).not.toContain('not by ada');
  expect(told([approval('ada')])).toContain(asking);
  // The sixth of those who do not count is not named.
  const before = ['a', 'aa', 'aaa', 'ab', 'abc'].map((name) => approval(name, { planDigest: OTHER }));
  expect(told([...before, approval('ada')])).toContain('not by ada');
});

describe('a rejection', () => {
  const no = (approver: string, given: Partial<Approval> = {}): Approval =>
    approval(approver, { decision: 'Reject', ...given });

  test('outweighs all approvals, and says by whom', () => {
    const approvals = [approval('bob'), approval('carol'), no('jane')];
    expect(decideApproval(question({ approvals }))).toEqual({
      given: false,
      reason: 'ApprovalRejected',
      message: 'rejected by jane; this holds until the spec changes',
    });
  });

  test('counts of the author too, and does not wear out', () => {
    expect(reasonOf({ approvals: [no('ada', { createdAt: hoursAgo(99) })] })).toBe('ApprovalRejected');
  });

  test('holds as the status remembers it, word for word, when it is gone and others approve, guard or no guard', () => {
    const approvals = [approval('bob'), approval('carol')];
    for (const guard of [{ trustedSince: hoursAgo(200) }, { broken: 'no policy' }, 'not-asked'] as const) {
      expect(decideApproval(question({ approvals, guard, rejected: 'rejected by jane' }))).toEqual({
        given: false,
        reason: 'ApprovalRejected',
        message: 'rejected by jane',
      });
    }
  });

  test('that may be forged stops nothing, and is told of', () => {
    const approvals = [no('jane', { createdAt: hoursAgo(2) }), approval('bob', { createdAt: hoursAgo(1) })];
    expect(reasonOf({ approvals, guard: { trustedSince: hoursAgo(1.5) } })).toBe('Approved');
    const alone = decideApproval(question({ approvals: [no('jane')], guard: { broken: 'the policy is missing' } }));
    expect(alone.reason).toBe('ApprovalUnguarded');
    expect(alone.message).toContain(
      'approvals do not count for now: the policy is missing; not counted: jane (rejected',
    );
  });

  test('of another plan, or of an intent of the same name before, stops nothing', () => {
    const approvals = [no('jane', { planDigest: OTHER }), no('dave', { createdAt: hoursAgo(101) }), approval('bob')];
    expect(reasonOf({ approvals })).toBe('Approved');
  });
});

test('a broken guard is told of before anybody approves, and is no news of what was said', () => {
  const state = decideApproval(question({ guard: { broken: 'install it' } }));
  expect(state).toMatchObject({ reason: 'AwaitingApproval', unguarded: true });
  expect(decideApproval(question())).not.toHaveProperty('unguarded');
  expect(state.message).toBe(
    '0 of 1 approvals; not by ada; approvals do not count for now: install it; to decide: patchgen approve web --namespace shop',
  );
});

test('names that would forge a line or fill the screen are shown harmless and short, and only the first few', () => {
  const approvals = ['\u001b[2J\nbob', 'x'.repeat(512), ...Array.from({ length: 20 }, (_, i) => `user-${i}`)].map(
    (name) => approval(name, { planDigest: OTHER }),
  );
  const { message } = decideApproval(question({ approvals }));
  expect(message).toContain('\\u001b[2J\\nbob');
  expect(message).toContain('17 more');
  expect(message.length).toBeLessThan(600);
});

describe('for whatever was said', () => {
  const person = fc.constantFrom('ada', 'bob', 'carol', 'dave');
  const time = fc.integer({ min: 0, max: 60 }).map((hours) => hoursAgo(hours));
  const said: fc.Arbitrary<Approval> = fc.record({
    name: fc.uuid(),
    uid: fc.uuid(),
    createdAt: time,
    planDigest: fc.constantFrom(PLAN, PLAN, PLAN, OTHER),
    decision: fc.constantFrom('Approve', 'Approve', 'Approve', 'Approve', 'Approve', 'Reject'),
    approver: person,
  });
  const approvalsOnly = fc.array(
    said.map((one) => ({ ...one, decision: 'Approve' as const })),
    { maxLength: 8 },
  );
  const asked: fc.Arbitrary<ApprovalQuestion> = fc
    .record({
      requirement: fc.record({
        approvals: fc.integer({ min: 1, max: 3 }),
        timeToLiveMs: fc.constantFrom(12 * HOUR, 24 * HOUR, 96 * HOUR),
        author: fc.constantFrom('Allow', 'Refuse'),
      }),
      requestedBy: fc.option(person, { nil: undefined }),
      intentCreatedAt: time,
      approvals: fc.array(said, { maxLength: 10 }),
      guard: fc.oneof(
        { weight: 4, arbitrary: time.map((trustedSince) => ({ trustedSince })) },
        fc.constant('not-asked' as const),
        fc.constant({ broken: 'it is gone' }),
      ),
      rejected: fc.option(fc.constant('rejected by jane'), { nil: undefined, freq: 8 }),
    })
    .map(({ requestedBy, rejected, ...rest }) => {
      const full = { ...question(), ...rest, ...(rejected === undefined ? {} : { rejected }) };
      return requestedBy === undefined ? withoutAuthor(full) : { ...full, requestedBy };
    });

  /** The law in one expression, apart from how it is told. */
  function lawful(one: Approval, { intentCreatedAt, guard, requirement, requestedBy, now }: ApprovalQuestion): boolean {
    const trusted = guard === 'not-asked' || ('trustedSince' in guard && one.createdAt >= guard.trustedSince);
    const own = requirement.author === 'Refuse' && (requestedBy === undefined || requestedBy === one.approver);
    const young = now.getTime() - one.createdAt.getTime() < requirement.timeToLiveMs;
    const counts = one.planDigest === PLAN && one.createdAt >= intentCreatedAt && trusted;
    return counts && (one.decision === 'Reject' || (young && !own));
  }

  test('it is given exactly when enough people agree and nobody has rejected it', () => {
    let given = 0;
    const decide = (it: ApprovalQuestion): void => {
      const counting = it.approvals.filter((one) => lawful(one, it));
      const rejected = it.rejected !== undefined || counting.some(({ decision }) => decision === 'Reject');
      const people = new Set(counting.map(({ approver }) => approver));
      const expected = !rejected && people.size >= it.requirement.approvals;
      given += expected ? 1 : 0;
      const state = decideApproval(it);
      expect(state.given).toBe(expected);
      expect(state.reason === 'ApprovalRejected').toBe(rejected);
    };
    fc.assert(fc.property(asked, decide), { numRuns: 3000 });
    expect(given).toBeGreaterThan(0);
  });

  test('the order in which it is read does not matter, not even to the words', () => {
    const shuffled = asked.chain((it) =>
      fc.tuple(fc.constant(it), fc.shuffledSubarray([...it.approvals], { minLength: it.approvals.length })),
    );
    fc.assert(
      fc.property(shuffled, ([it, approvals]) => {
        expect(decideApproval({ ...it, approvals })).toEqual(decideApproval(it));
      }),
    );
  });

  test('taking an approval away never lets a plan go ahead', () => {
    fc.assert(
      fc.property(asked, fc.nat(), (it, at) => {
        const yes = it.approvals.filter(({ decision }) => decision === 'Approve');
        const gone = yes[at % Math.max(1, yes.length)];
        const fewer = { ...it, approvals: it.approvals.filter((one) => one !== gone) };
        if (decideApproval(fewer).given) expect(decideApproval(it).given).toBe(true);
      }),
    );
  });

  test('more approvals never lift a rejection', () => {
    fc.assert(
      fc.property(asked, approvalsOnly, (it, more) => {
        fc.pre(decideApproval(it).reason === 'ApprovalRejected');
        expect(decideApproval({ ...it, approvals: [...it.approvals, ...more] })).toEqual(decideApproval(it));
      }),
    );
  });

  test('time alone changes nothing before `until`, not even a word, and takes an approval away then', () => {
    fc.assert(
      fc.property(asked, fc.integer({ min: 0, max: 200 * HOUR }), (it, ms) => {
        const state = decideApproval(it);
        fc.pre(!state.given && state.until !== undefined);
        if (state.given || state.until === undefined) return;
        const span = state.until.getTime() - it.now.getTime();
        expect(span).toBeGreaterThan(0);
        expect(decideApproval({ ...it, now: new Date(it.now.getTime() + (ms % span)) })).toEqual(state);
        expect(decideApproval({ ...it, now: state.until })).not.toEqual(state);
      }),
    );
  });

  test('without `until` a plan that is not let through stays so for ever', () => {
    fc.assert(
      fc.property(asked, (it) => {
        const state = decideApproval(it);
        fc.pre(!state.given && state.until === undefined);
        expect(decideApproval({ ...it, now: new Date(it.now.getTime() + 1000 * HOUR) })).toEqual(state);
      }),
    );
  });
});
