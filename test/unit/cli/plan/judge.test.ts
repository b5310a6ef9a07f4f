import { describe, expect, test } from 'vitest';
import { type Failure, Rejected, Waiting } from '../../../../src/api/errors.ts';
import { callerWords } from '../../../../src/cli/plan/caller-words.ts';
import { judgementOf, mayGoAhead, planDigestOf } from '../../../../src/cli/plan/judge.ts';
import type { Look } from '../../../../src/cli/plan/look.ts';
import { rightOf } from '../../../../src/reconcile/plan/missing-right.ts';

const GAP = { what: 'the policies', why: 'forbidden', digest: true };

const IDLE = { subject: { idle: 'the intent is suspended' } as Look['subject'] };

function look(failure?: Failure, more: Partial<Look> = {}): Look {
  return { subject: {} as Look['subject'], warnings: [], gaps: [], ...(failure && { failure }), ...more };
}

const waiting = (reason: Failure['reason']) => look(new Waiting(reason, 'm'));

describe('the judgement', () => {
  test.each([
    ['Allow', look()],
    ['Warn', look(undefined, { warnings: ['the target is not there'] })],
    ['Unknown', look(undefined, { gaps: [GAP] })],
    ['Idle', look(undefined, { ...IDLE, warnings: ['w'], gaps: [GAP] })],
    ['Refuse', look(new Rejected('PolicyDenied', 'm'), IDLE)],
    ['Approval', waiting('AwaitingApproval')],
    ['Wait', waiting('OutsideWindow')],
    ['Wait', waiting('RateLimited')],
    ['Wait', waiting('PolicyUnresolved')],
    ['Refuse', waiting('ManagedByAutoscaler')],
    ['Refuse', waiting('ConflictingIntent')],
    ['Refuse', waiting('DryRunRefused')],
    ['Refuse', look(new Rejected('PolicyDenied', 'm'))],
    ['Refuse', look(new Rejected('ApprovalRejected', 'm'))],
    // What is known to stand against it is told before what is not known.
    ['Refuse', look(new Rejected('PolicyDenied', 'm'), { gaps: [GAP] })],
  ] as const)('is %s', (judgement, it) => {
    expect(judgementOf(it)).toBe(judgement);
  });

  test('lets nothing go ahead but Allow and Warn: what is not known is no leave', () => {
    const all = ['Allow', 'Warn', 'Approval', 'Wait', 'Refuse', 'Idle', 'Unknown'] as const;
    expect(all.filter(mayGoAhead)).toEqual(['Allow', 'Warn']);
  });
});

test('the digest is told only where the operator must come to the same', () => {
  const heard = { considered: { planDigest: 'd' } } as Look['heard'];
  const told = (gaps: Look['gaps']) => planDigestOf(look(undefined, { gaps, ...(heard && { heard }) }));
  expect(told([])).toBe('d');
  expect(told([{ ...GAP, digest: false }])).toBe('d');
  expect(told([{ ...GAP, digest: false }, GAP])).toBeUndefined();
});

test('a right that the operator would lack is one that the caller lacks', () => {
  const right = rightOf({ verb: 'get', group: 'apps', resource: 'deployments/scale', namespace: 'shop' });
  expect(callerWords(right)).toBe('you may not get deployments/scale of apps in namespace shop');
  const patch = rightOf({ verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'shop' });
  expect(patch).toMatch(/: grant it in the chart by the value planDryRun: true$/);
  expect(callerWords(patch)).toBe('you may not patch deployments of apps in namespace shop');
  expect(callerWords(`${right}; labels and owner are not known`)).toBe(
    'you may not get deployments/scale of apps in namespace shop; labels and owner are not known',
  );
});
