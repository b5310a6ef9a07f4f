import fc from 'fast-check';
import type { PatchPolicySpec } from '../../src/api/schema/patchpolicy.ts';
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile.ts';
import type { PolicyInput } from '../../src/policy/input.ts';
import { claimOf, EMPTY_LEDGER, type Ledger, reserve } from '../../src/policy/ledger.ts';

/** A Thursday. */
export const NOW = new Date('2026-11-19T12:00:00Z');

export function policy(name: string, spec: PatchPolicySpec): CompiledPolicy {
  return compilePolicy({ name, uid: `uid-${name}`, generation: 1, spec });
}

type Parts = { readonly [K in keyof PolicyInput]?: Partial<PolicyInput[K]> };

/** An intent that scales `web` in `shop` from 3 to 5, with what a test cares about put in. */
export function policyInput({ intent, target, replicas, usage, now, ...more }: Parts = {}): PolicyInput {
  return {
    intent: { namespace: 'shop', namespaceLabels: { env: 'prod' }, type: 'scaling', id: 'uid/1', ...intent },
    target: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      namespace: 'shop',
      name: 'web',
      namespaceLabels: { env: 'prod' },
      labels: { tier: 'front' },
      ...target,
    },
    replicas: { from: 3, to: 5, ...replicas },
    usage: (usage as PolicyInput['usage'] | undefined) ?? new Map(),
    now: (now as Date | undefined) ?? NOW,
    ...(more as Pick<PolicyInput, 'autoscaler' | 'owner'>),
  };
}

const namespaces = fc.constantFrom('shop', 'dev', 'pay');
const labels = fc.constantFrom<PolicyInput['target']['labels'][]>(
  {},
  { env: 'prod' },
  { env: 'dev', tier: 'front' },
  'unknown',
);
const selectors = fc.constantFrom<NonNullable<NonNullable<PatchPolicySpec['match']>['targets']>['selector'][]>(
  { matchLabels: { env: 'prod' } },
  { matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
  { matchExpressions: [{ key: 'env', operator: 'NotIn', values: ['prod'] }] },
);
const namespaceMatches = fc.record(
  { names: fc.constantFrom(['shop'], ['d*'], ['*']), selector: selectors },
  { requiredKeys: [] },
);
const behaviours = fc.constantFrom('Refuse' as const, 'Warn' as const, 'Ignore' as const);
const windows = fc.record({
  effect: fc.constantFrom('Allow' as const, 'Deny' as const),
  schedule: fc.constantFrom('0 9 * * MON-FRI', '30 2 * * *', '*/20 * * * *', '0 22 * * FRI', '0 0 1 * *'),
  duration: fc.constantFrom('5m', '1h', '8h', '60h'),
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
});

/** Rules whose first policy can only make a verdict stricter. */
const strictRules = {
  match: fc.record(
    {
      namespaces: namespaceMatches,
      targets: fc.record({ names: fc.constantFrom(['web'], ['w*', 'api']), selector: selectors }, { requiredKeys: [] }),
      sources: fc.constantFrom(['bot-*'], ['*']),
    },
    { requiredKeys: [] },
  ),
  replicas: fc.record(
    {
      min: fc.nat(3),
      max: fc.integer({ min: 3, max: 9 }),
      maxDelta: fc.integer({ min: 1, max: 5 }),
      maxPercent: fc.integer({ min: 1, max: 200 }),
      neverZero: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
  require: fc.record({ reason: fc.boolean(), source: fc.constantFrom('bot-*', '*') }, { requiredKeys: [] }),
  rate: fc.record(
    { perTargetPerHour: fc.integer({ min: 1, max: 3 }), perNamespacePerHour: fc.integer({ min: 1, max: 5 }) },
    { requiredKeys: [] },
  ),
  storm: fc.constant({ failures: 3, window: '10m', coolDown: '30m' }),
  windows: fc.array(windows, { minLength: 1, maxLength: 2 }),
  approval: fc.oneof(
    fc.record({
      mode: fc.constantFrom('Never' as const, 'Always' as const),
      approvals: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({
      mode: fc.constant('OnRisk' as const),
      risk: fc.constantFrom({ delta: 2 }, { percent: 50 }, { toZero: true }),
    }),
  ),
};
/** On these topics something strict holds until the first policy speaks. */
const speakingRules = { autoscaler: behaviours, gitOps: behaviours, targetNamespaces: namespaceMatches };

function policiesOf(rules: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<CompiledPolicy> {
  const specs = fc.record(rules, { requiredKeys: [] }) as fc.Arbitrary<PatchPolicySpec>;
  return fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), specs).map(([name, spec]) => policy(name, spec));
}

export const strictPolicies: fc.Arbitrary<CompiledPolicy> = policiesOf(strictRules);
export const anyPolicies: fc.Arbitrary<CompiledPolicy> = policiesOf({ ...strictRules, ...speakingRules });

/** Sets of policies with different names. */
export function sets(of: fc.Arbitrary<CompiledPolicy>): fc.Arbitrary<readonly CompiledPolicy[]> {
  return fc.uniqueArray(of, { maxLength: 4, selector: ({ name }) => name });
}

/** Times around the nights in which clocks change, and others. */
export const times: fc.Arbitrary<Date> = fc
  .tuple(
    fc.constantFrom('2026-03-28T12:00:00Z', '2026-10-24T12:00:00Z', '2026-11-01T00:00:00Z', '2026-06-01T00:00:00Z'),
    fc.integer({ min: 0, max: 3 * 86_400_000 }),
  )
  .map(([base, offset]) => new Date(Date.parse(base) + offset));

/** A ledger of some changes of some targets within two hours before the time. */
function ledgers(now: Date): fc.Arbitrary<Ledger> {
  const change = fc.record({ ago: fc.nat(7_200_000), name: fc.constantFrom('web', 'api'), id: fc.nat(20) });
  return fc.array(change, { maxLength: 8 }).map((changes) =>
    changes
      .toSorted((one, other) => other.ago - one.ago)
      .reduce((ledger: Ledger, { ago, name, id }) => {
        const claim = claimOf({ namespace: 'shop', apiVersion: 'apps/v1', kind: 'Deployment', name, id: String(id) });
        const result = reserve(ledger, {}, claim, new Date(now.getTime() - ago));
        return 'ledger' in result ? result.ledger : ledger;
      }, EMPTY_LEDGER),
  );
}

/** Everything that a verdict may depend on, for these policies. */
export function inputsFor(policies: readonly CompiledPolicy[]): fc.Arbitrary<PolicyInput> {
  return times.chain((now) =>
    fc
      .record({
        own: namespaces,
        other: namespaces,
        ownLabels: labels,
        otherLabels: labels,
        targetLabels: labels,
        from: fc.oneof(fc.nat(10), fc.constant('unknown' as const)),
        to: fc.nat(10),
        source: fc.constantFrom('bot-a', 'jane', undefined),
        autoscaler: fc.constantFrom('HorizontalPodAutoscaler web', undefined),
        owner: fc.constantFrom('Flux Kustomization apps', undefined),
        ledgers: fc.array(ledgers(now), { minLength: policies.length, maxLength: policies.length }),
        trippedAgo: fc.oneof(fc.nat(3_600_000), fc.constant(undefined)),
      })
      .map((drawn): PolicyInput => {
        const storm =
          drawn.trippedAgo === undefined
            ? { failures: [] }
            : { failures: [], trippedAt: now.getTime() - drawn.trippedAgo };
        return policyInput({
          intent: {
            namespace: drawn.own,
            namespaceLabels: drawn.ownLabels,
            ...(drawn.source === undefined ? {} : { source: drawn.source }),
          },
          target: {
            namespace: drawn.other,
            namespaceLabels: drawn.own === drawn.other ? drawn.ownLabels : drawn.otherLabels,
            labels: drawn.targetLabels,
          },
          replicas: { from: drawn.from, to: drawn.to },
          ...(drawn.autoscaler === undefined ? {} : { autoscaler: drawn.autoscaler }),
          ...(drawn.owner === undefined ? {} : { owner: drawn.owner }),
          usage: new Map(policies.map(({ name }, i) => [name, { ledger: drawn.ledgers[i] ?? EMPTY_LEDGER, storm }])),
          now,
        });
      }),
  );
}
