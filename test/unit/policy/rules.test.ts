import { describe, expect, test } from 'vitest';
import type { PatchPolicySpec } from '../../../src/api/schema/patchpolicy.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { claimOf, EMPTY_LEDGER, type Ledger, reserve } from '../../../src/policy/ledger.ts';
import type { Decision } from '../../../src/policy/verdict.ts';
import { NOW, policy, policyInput } from '../../support/policies.ts';

type Input = Parameters<typeof policyInput>[0];

function decide(spec: PatchPolicySpec, input: Input = {}): Decision {
  return evaluate(policyInput(input), [policy('one', spec)]).decision;
}

const step = (from: number | 'unknown', to: number): Input => ({ replicas: { from, to } });

describe('replicas', () => {
  test.each<[NonNullable<PatchPolicySpec['replicas']>, number | 'unknown', number, Decision]>([
    [{ min: 5 }, 3, 5, 'Allow'],
    [{ min: 5 }, 3, 4, 'Refuse'],
    [{ min: 5 }, 'unknown', 5, 'Allow'],
    [{ max: 5 }, 3, 5, 'Allow'],
    [{ max: 5 }, 3, 6, 'Refuse'],
    [{ max: 5 }, 'unknown', 6, 'Refuse'],
    [{ maxDelta: 2 }, 3, 5, 'Allow'],
    [{ maxDelta: 2 }, 3, 6, 'Refuse'],
    [{ maxDelta: 2 }, 3, 1, 'Allow'],
    [{ maxDelta: 2 }, 3, 0, 'Refuse'],
    [{ maxDelta: 2 }, 'unknown', 3, 'Wait'],
    [{ maxPercent: 50 }, 4, 6, 'Allow'],
    [{ maxPercent: 50 }, 4, 7, 'Refuse'],
    [{ maxPercent: 50 }, 4, 2, 'Allow'],
    [{ maxPercent: 50 }, 4, 1, 'Refuse'],
    [{ maxPercent: 20 }, 3, 4, 'Refuse'],
    [{ maxPercent: 33 }, 3, 4, 'Refuse'],
    [{ maxPercent: 34 }, 3, 4, 'Allow'],
    [{ maxPercent: 100 }, 0, 1, 'Allow'],
    [{ maxPercent: 100 }, 0, 2, 'Refuse'],
    [{ maxPercent: 1 }, 7, 7, 'Allow'],
    [{ maxPercent: 50 }, 'unknown', 3, 'Wait'],
    [{ maxPercent: 50, max: 2 }, 'unknown', 3, 'Refuse'],
    [{ neverZero: true }, 3, 0, 'Refuse'],
    [{ neverZero: true }, 'unknown', 0, 'Refuse'],
    [{ neverZero: true }, 3, 1, 'Allow'],
    [{ neverZero: false }, 3, 0, 'Allow'],
  ])('%j from %s to %i: %s', (replicas, from, to, decision) => {
    expect(decide({ replicas }, step(from, to))).toBe(decision);
  });

  test('bounds of replicas say nothing of a change that is not about them', () => {
    const { replicas: _, ...other } = policyInput();
    const one = policy('one', { replicas: { max: 1, maxDelta: 1 }, approval: { mode: 'OnRisk', risk: { delta: 0 } } });
    expect(evaluate(other, [one]).decision).toBe('Allow');
  });
});

describe('require', () => {
  test.each<[NonNullable<PatchPolicySpec['require']>, NonNullable<Input>['intent'], Decision]>([
    [{ reason: true }, {}, 'Refuse'],
    [{ reason: true }, { reason: ' \n' }, 'Refuse'],
    [{ reason: true }, { reason: 'sale' }, 'Allow'],
    [{ reason: false }, {}, 'Allow'],
    [{ correlationId: true }, {}, 'Refuse'],
    [{ correlationId: true }, { correlationId: 'INC-1' }, 'Allow'],
    [{ source: 'bot-*' }, {}, 'Refuse'],
    [{ source: 'bot-*' }, { source: 'jane' }, 'Refuse'],
    [{ source: 'bot-*' }, { source: 'bot-1' }, 'Allow'],
    [{ source: 'bot-*', reason: true }, { source: 'bot-1' }, 'Refuse'],
  ])('%j of %j: %s', (require, intent, decision) => {
    expect(decide({ require }, { intent: intent ?? {} })).toBe(decision);
  });
});

describe('autoscaler and gitOps', () => {
  test.each<[PatchPolicySpec, Decision]>([
    [{ autoscaler: 'Refuse' }, 'Refuse'],
    [{ autoscaler: 'Warn' }, 'Warn'],
    [{ autoscaler: 'Ignore' }, 'Allow'],
    [{ gitOps: 'Ignore' }, 'Refuse'],
  ])('%j with an autoscaler: %s', (spec, decision) => {
    expect(decide(spec, { autoscaler: 'HorizontalPodAutoscaler web' })).toBe(decision);
  });

  test('the strictest of two policies holds, and the default only while none speaks', () => {
    const found = policyInput({ autoscaler: 'HorizontalPodAutoscaler web', owner: 'Helm release web' });
    const say = (...specs: readonly PatchPolicySpec[]) =>
      evaluate(
        found,
        specs.map((spec, i) => policy(`p${i}`, spec)),
      ).decision;
    expect(say({ autoscaler: 'Warn' }, { autoscaler: 'Ignore' })).toBe('Warn');
    expect(say({ autoscaler: 'Ignore' }, { gitOps: 'Ignore' })).toBe('Allow');
    expect(say({ autoscaler: 'Ignore' }, { replicas: { max: 9 } })).toBe('Warn');
    expect(say({ autoscaler: 'Ignore', gitOps: 'Refuse' })).toBe('Refuse');
  });
});

describe('target namespaces', () => {
  const consent = (value: string): Input => ({
    target: { namespace: 'pay', namespaceLabels: { 'patchgen.dev/allow-intents-from': value } },
  });
  const toPay: PatchPolicySpec = { targetNamespaces: { names: ['pay'] } };

  test.each<[string, Decision]>([
    ['shop', 'Allow'],
    ['dev_shop', 'Allow'],
    ['Any', 'Allow'],
    ['any', 'Refuse'],
    ['', 'Refuse'],
    ['shop-2', 'Refuse'],
    ['sho', 'Refuse'],
    ['dev_Shop', 'Refuse'],
  ])('a namespace that consents to %j: %s', (value, decision) => {
    expect(decide(toPay, consent(value))).toBe(decision);
  });

  test('consent without a policy, and a policy without consent, are not enough', () => {
    expect(evaluate(policyInput(consent('shop')), []).decision).toBe('Refuse');
    expect(decide(toPay, { target: { namespace: 'pay', namespaceLabels: {} } })).toBe('Refuse');
    expect(decide({ targetNamespaces: { names: ['dev'] } }, consent('shop'))).toBe('Refuse');
  });

  test('only a policy for the namespace of the intent opens the way', () => {
    const guard = { match: { namespaces: { names: ['pay'] } }, ...toPay };
    expect(decide(guard, consent('shop'))).toBe('Refuse');
    expect(decide({ ...guard, match: { namespaces: { names: ['shop'] } } }, consent('shop'))).toBe('Allow');
  });

  test('all policies that speak must name the namespace', () => {
    const policies = [policy('a', toPay), policy('b', { targetNamespaces: { names: ['dev'] } })];
    expect(evaluate(policyInput(consent('shop')), policies).decision).toBe('Refuse');
    expect(evaluate(policyInput(consent('shop')), policies.slice(0, 1)).decision).toBe('Allow');
  });

  test('unknown labels mean Wait', () => {
    expect(decide(toPay, { target: { namespace: 'pay', namespaceLabels: 'unknown' } })).toBe('Wait');
    const selector = { matchLabels: { open: 'yes' } };
    expect(
      decide({ targetNamespaces: { selector } }, { target: { namespace: 'pay', namespaceLabels: 'unknown' } }),
    ).toBe('Wait');
  });

  test('the message says whose list it is, and that a namespace without labels may not be there', () => {
    const words = (...args: Parameters<typeof consent>) =>
      evaluate(policyInput(consent(...args)), [policy('a', { targetNamespaces: { names: ['dev'] } })]).considered[0];
    expect(words('shop')?.message).toBe(
      'policy a, targetNamespaces: namespace pay is not one of its target namespaces',
    );
    const unknown = policyInput({ target: { namespace: 'pay', namespaceLabels: 'unknown' } });
    expect(evaluate(unknown, [policy('a', toPay)]).considered[0]?.message).toBe(
      'policy a, targetNamespaces: the labels of namespace pay are not known; it may not be there',
    );
  });

  test('the rule has no say within one namespace', () => {
    expect(decide({ targetNamespaces: { names: ['dev'] } })).toBe('Allow');
  });
});

describe('approval', () => {
  test.each<[NonNullable<PatchPolicySpec['approval']>, number | 'unknown', number, Decision]>([
    [{ mode: 'Never' }, 3, 9, 'Allow'],
    [{ mode: 'Always' }, 3, 3, 'Approval'],
    [{ mode: 'OnRisk', risk: { delta: 2 } }, 3, 5, 'Allow'],
    [{ mode: 'OnRisk', risk: { delta: 2 } }, 3, 6, 'Approval'],
    [{ mode: 'OnRisk', risk: { delta: 2 } }, 'unknown', 6, 'Wait'],
    [{ mode: 'OnRisk', risk: { percent: 50 } }, 4, 6, 'Allow'],
    [{ mode: 'OnRisk', risk: { percent: 50 } }, 4, 7, 'Approval'],
    [{ mode: 'OnRisk', risk: { toZero: true } }, 'unknown', 0, 'Approval'],
    [{ mode: 'OnRisk', risk: { toZero: true } }, 'unknown', 1, 'Allow'],
    [{ mode: 'OnRisk', risk: { toZero: false } }, 3, 0, 'Allow'],
    [{ mode: 'OnRisk', risk: { delta: 2, toZero: true } }, 1, 0, 'Approval'],
  ])('%j from %s to %i: %s', (approval, from, to, decision) => {
    expect(decide({ approval }, step(from, to))).toBe(decision);
  });

  test('the most people, the shortest time and the stricter word on the author hold', () => {
    const policies = [
      policy('a', { approval: { mode: 'Always', approvals: 3, timeToLive: '48h', author: 'Allow' } }),
      policy('b', { approval: { mode: 'Always', timeToLive: '1h30m', author: 'Allow' } }),
      policy('c', { approval: { mode: 'OnRisk', risk: { delta: 9 }, approvals: 9, timeToLive: '1m' } }),
    ];
    const { approval, inputs } = evaluate(policyInput(), policies);
    expect(approval).toEqual({ approvals: 3, timeToLiveMs: 5_400_000, author: 'Allow' });
    expect(inputs.approval).toEqual(approval);
    const stricter = [...policies, policy('d', { approval: { mode: 'Always' } })];
    expect(evaluate(policyInput(), stricter).approval).toEqual({ ...approval, author: 'Refuse' });
  });

  test('what is left out means one approval, 24 hours, and not the author', () => {
    const { approval } = evaluate(policyInput(), [policy('a', { approval: { mode: 'Always' } })]);
    expect(approval).toEqual({ approvals: 1, timeToLiveMs: 86_400_000, author: 'Refuse' });
  });

  test('something stricter decides, and the approval is told all the same', () => {
    const verdict = evaluate(policyInput(), [policy('a', { approval: { mode: 'Always' }, replicas: { max: 4 } })]);
    expect([verdict.decision, verdict.approval?.approvals]).toEqual(['Refuse', 1]);
  });
});

describe('rates', () => {
  const minutes = (count: number): Date => new Date(NOW.getTime() + count * 60_000);
  const filled = (...changes: readonly (readonly [name: string, minute: number])[]): Ledger =>
    changes.reduce((ledger, [name, minute]) => {
      const claim = claimOf({ namespace: 'shop', apiVersion: 'apps/v1', kind: 'Deployment', name, id: `${name}/1` });
      const result = reserve(ledger, {}, claim, minutes(minute));
      return 'ledger' in result ? result.ledger : ledger;
    }, EMPTY_LEDGER);
  const look = (spec: PatchPolicySpec, ledger: Ledger, minute: number) =>
    evaluate(policyInput({ now: minutes(minute), usage: new Map([['one', { ledger }]]) }), [policy('one', spec)]);

  test('who waits in a full namespace is told the same when others take the place that comes free', () => {
    const spec: PatchPolicySpec = { rate: { perNamespacePerHour: 2 } };
    const before = look(spec, filled(['a', 0], ['b', 10]), 20);
    const after = look(spec, filled(['b', 10], ['c', 60]), 61);
    expect(before.retryAt).toEqual(minutes(60));
    expect(after.retryAt).toEqual(minutes(70));
    expect(before.considered.map(({ message }) => message)).toEqual([
      'policy one, rate.perNamespacePerHour: at most 2 within an hour: all used up, until the oldest of them is an hour old',
    ]);
    expect(after.considered.map(({ message }) => message)).toEqual(before.considered.map(({ message }) => message));
  });

  test('who waits for the rate of a target is told until when', () => {
    const verdict = look({ rate: { perTargetPerHour: 1 } }, filled(['web', 5]), 20);
    expect(verdict.considered[0]?.message).toBe(
      'policy one, rate.perTargetPerHour: at most 1 within an hour: all used up, until 2026-11-19T13:05:00Z',
    );
  });
});

describe('who else owns the field is not known', () => {
  test.each([
    ['autoscaler', 'Refuse', 'Wait'],
    ['autoscaler', 'Warn', 'Allow'],
    ['autoscaler', 'Ignore', 'Allow'],
    ['gitOps', 'Refuse', 'Wait'],
    ['gitOps', 'Warn', 'Allow'],
  ] as const)('%s: %s means %s', (rule, behaviour, result) => {
    const input = { ...policyInput(), blind: [rule] };
    expect(evaluate(input, [policy('one', { [rule]: behaviour })]).decision).toBe(result);
  });

  test('holds nothing up where no policy asks', () => {
    expect(evaluate({ ...policyInput(), blind: ['autoscaler', 'gitOps'] }, []).decision).toBe('Allow');
  });
});
