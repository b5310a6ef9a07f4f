import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PatchPolicySpec } from '../../../src/api/schema/patchpolicy.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import type { PolicyInput } from '../../../src/policy/input.ts';
import { DECISIONS, type Verdict } from '../../../src/policy/verdict.ts';
import { compileStored } from '../../../src/reconcile/permit/compile-stored.ts';
import { anyPolicies, inputsFor, policy, policyInput, sets, strictPolicies } from '../../support/policies.ts';

const severity = ({ decision }: Verdict): number => DECISIONS.indexOf(decision);
const withInput = <T extends Parameters<typeof inputsFor>[0]>(of: fc.Arbitrary<T>) =>
  of.chain((policies) => fc.tuple(fc.constant(policies), inputsFor(policies)));

describe('laws', () => {
  test('the order of the policies does not matter', () => {
    fc.assert(
      fc.property(withInput(sets(anyPolicies)), fc.nat(), ([policies, input], turn) => {
        const at = policies.length === 0 ? 0 : turn % policies.length;
        const turned = [...policies.slice(at), ...policies.slice(0, at)].toReversed();
        expect(evaluate(input, turned)).toEqual(evaluate(input, policies));
      }),
    );
  });

  test('the verdict is the strictest of what was considered, and nothing that was asked is changed', () => {
    fc.assert(
      fc.property(withInput(sets(anyPolicies)), ([policies, input]) => {
        const before = JSON.stringify([policies, input]);
        const verdict = evaluate(input, policies);
        const worst = Math.max(0, ...verdict.considered.map(({ result }) => DECISIONS.indexOf(result)));
        expect(severity(verdict)).toBe(worst);
        expect(JSON.stringify([policies, input])).toBe(before);
      }),
    );
  });

  test('one more policy never makes the verdict milder', () => {
    fc.assert(
      fc.property(withInput(sets(strictPolicies)), ([policies, input]) => {
        const [, ...fewer] = policies;
        expect(severity(evaluate(input, policies))).toBeGreaterThanOrEqual(severity(evaluate(input, fewer)));
      }),
    );
  });

  test('one more policy that speaks on a topic never makes it milder where another speaks already', () => {
    const speakers = fc.tuple(anyPolicies, anyPolicies).map(([one, other]) => {
      const spec: PatchPolicySpec = { autoscaler: 'Warn', gitOps: 'Ignore', targetNamespaces: { names: ['*'] } };
      return [policy('aa', { ...(one.spec as object), match: {}, ...spec }), policy('bb', other.spec)];
    });
    fc.assert(
      fc.property(withInput(speakers), ([policies, input]) => {
        expect(severity(evaluate(input, policies))).toBeGreaterThanOrEqual(
          severity(evaluate(input, policies.slice(0, 1))),
        );
      }),
    );
  });

  test('the next look is after now, and until then time alone changes nothing', () => {
    fc.assert(
      fc.property(
        withInput(sets(anyPolicies)),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ([policies, input], part) => {
          const verdict = evaluate(input, policies);
          const now = input.now.getTime();
          const end = verdict.retryAt?.getTime() ?? now + 30 * 86_400_000;
          expect(end).toBeGreaterThan(now);
          const later = new Date(Math.min(now + Math.floor((end - now) * part), end - 1));
          expect(evaluate({ ...input, now: later }, policies)).toEqual(verdict);
        },
      ),
    );
  });

  test('what is unknown never makes the verdict milder than everything that it might be', () => {
    fc.assert(
      fc.property(withInput(sets(strictPolicies)), fc.nat(10), ([policies, input], from) => {
        const known: PolicyInput = { ...input, replicas: { from, to: input.replicas?.to ?? 0 } };
        const blind: PolicyInput = { ...known, replicas: { from: 'unknown', to: known.replicas?.to ?? 0 } };
        const [seen, unseen] = [evaluate(known, policies).decision, evaluate(blind, policies).decision];
        // A refusal that nobody can foresee becomes a Wait: the change does not go ahead either way.
        if (seen === 'Wait' || seen === 'Refuse') expect(['Wait', 'Refuse']).toContain(unseen);
        else expect(DECISIONS.indexOf(unseen)).toBeGreaterThanOrEqual(DECISIONS.indexOf(seen));
      }),
    );
  });

  test('the inputs of the plan digest name what applies, and hold no time', () => {
    fc.assert(
      fc.property(withInput(sets(anyPolicies)), ([policies, input]) => {
        const { inputs } = evaluate(input, policies);
        const later = evaluate({ ...input, now: new Date(input.now.getTime() + 86_400_000) }, policies);
        expect(later.inputs).toEqual(inputs);
        expect(inputs.policies.map(({ name }) => name)).toEqual(inputs.policies.map(({ name }) => name).toSorted());
      }),
    );
  });
});

describe('the verdict', () => {
  test('without policies is Allow, unless something strict holds by default', () => {
    expect(evaluate(policyInput(), [])).toEqual({
      decision: 'Allow',
      considered: [],
      skipped: [],
      warnings: [],
      inputs: { policies: [] },
    });
    expect(evaluate(policyInput({ autoscaler: 'HorizontalPodAutoscaler web' }), []).decision).toBe('Refuse');
    expect(evaluate(policyInput({ owner: 'Flux Kustomization apps' }), []).decision).toBe('Warn');
    expect(evaluate(policyInput({ target: { namespace: 'pay' } }), []).decision).toBe('Refuse');
  });

  test('names policy and rule in each message, and tells which policies do not apply', () => {
    const policies = [
      policy('b', { replicas: { max: 4 } }),
      policy('a', { match: { sources: ['bot-*'] }, replicas: { max: 4 } }),
    ];
    expect(evaluate(policyInput(), policies)).toMatchObject({
      decision: 'Refuse',
      considered: [
        {
          policy: 'b',
          rule: 'replicas.max',
          result: 'Refuse',
          message: 'policy b, replicas.max: replicas 5 against at most 4',
        },
      ],
      skipped: [{ policy: 'a', message: 'policy a does not apply: match.sources' }],
      inputs: { policies: [{ name: 'b', uid: 'uid-b', generation: 1 }] },
    });
  });

  test('a policy that can not be used holds what it applies to, and nothing else', () => {
    const broken = policy('broken', {
      match: { namespaces: { names: ['shop'] } },
      windows: [{ effect: 'Deny', schedule: '0 0 30 2 *', duration: '1h' }],
    });
    expect(evaluate(policyInput(), [broken])).toMatchObject({ decision: 'Wait', considered: [{ rule: 'spec' }] });
    const elsewhere = policyInput({ intent: { namespace: 'dev' }, target: { namespace: 'dev' } });
    expect(evaluate(elsewhere, [broken]).decision).toBe('Allow');
  });

  test('windows that can not be used hold what is not published yet; of what is, every rule that is asked again is asked', () => {
    const windows = [{ effect: 'Deny', schedule: '0 25 * * *', duration: '1h' }] as const;
    const broken = policy('broken', { windows: [...windows], rate: { perTargetPerHour: 1 } });
    const alone = policyInput({ published: true });
    expect(evaluate(policyInput(), [broken]).decision).toBe('Wait');
    expect(evaluate(alone, [broken])).toMatchObject({ decision: 'Allow', considered: [] });
    const strict = policy('strict', { windows: [...windows], replicas: { max: 4, maxDelta: 1 } });
    expect(evaluate(alone, [strict])).toMatchObject({
      decision: 'Refuse',
      considered: [{ rule: 'replicas.max', result: 'Refuse' }],
    });
    // Of a spec that does not satisfy the schema no rule is known, so none can be asked.
    const metadata = { name: 'stored', uid: 'uid', resourceVersion: '1', generation: 1 };
    const stored = compileStored({ metadata, spec: { windows: [{ ...windows[0], duration: '1s' }] }, status: {} });
    expect(evaluate(alone, [stored])).toMatchObject({ decision: 'Wait', considered: [{ rule: 'spec' }] });
  });

  test('warnings are told to the reviewer, and do not hold the change', () => {
    const verdict = evaluate(policyInput({ autoscaler: 'HorizontalPodAutoscaler web' }), [
      policy('a', { autoscaler: 'Warn' }),
    ]);
    expect(verdict.decision).toBe('Warn');
    expect(verdict.warnings).toEqual([
      'policy a, autoscaler: HorizontalPodAutoscaler web would set the number again (Warn)',
    ]);
  });

  test('the next look is the first edge of all windows, rates and cool-downs', () => {
    const policies = [
      policy('a', { windows: [{ effect: 'Deny', schedule: '0 18 * * *', duration: '1h' }] }),
      policy('b', { windows: [{ effect: 'Allow', schedule: '0 9 * * *', duration: '4h' }] }),
    ];
    expect(evaluate(policyInput(), policies).retryAt).toEqual(new Date('2026-11-19T13:00:00Z'));
    expect(evaluate(policyInput(), policies.slice(0, 1)).retryAt).toEqual(new Date('2026-11-19T18:00:00Z'));
  });
});

describe('a change of autoscaler or owner', () => {
  test('is part of the inputs, so that it makes another plan digest', () => {
    const inputs = (more: Parameters<typeof policyInput>[0]) => evaluate(policyInput(more), []).inputs;
    expect(inputs({ autoscaler: 'HorizontalPodAutoscaler web' })).not.toEqual(inputs({}));
    expect(inputs({ owner: 'Helm release web' })).not.toEqual(inputs({ owner: 'Helm release api' }));
  });
});
