import type { PatchPolicySpec } from '../../src/api/schema/patchpolicy.ts';

const everywhere: Pick<PatchPolicySpec, 'match'> = { match: { namespaces: { names: ['policed-*', 'plain-*'] } } };

/**
 * Twenty policies as a platform team has them: all apply to every intent but four, and each kind of rule is among them. Two
 * count changes.
 */
const SPECS: readonly PatchPolicySpec[] = [
  { replicas: { max: 100 } },
  { ...everywhere, replicas: { min: 1, max: 50 } },
  { ...everywhere, replicas: { maxDelta: 20 } },
  { ...everywhere, replicas: { maxPercent: 400 } },
  { ...everywhere, replicas: { neverZero: true } },
  { ...everywhere, require: { reason: true } },
  { ...everywhere, require: { correlationId: true } },
  { ...everywhere, require: { source: 'capacity-*' } },
  { match: { targets: { kinds: [{ kind: 'Deployment' }] } }, replicas: { max: 80 } },
  { match: { targets: { names: ['app-*'] } }, replicas: { max: 70 } },
  { ...everywhere, windows: [{ effect: 'Allow', schedule: '0 0 * * *', duration: '24h', timeZone: 'Europe/Berlin' }] },
  {
    ...everywhere,
    windows: [
      { effect: 'Deny', schedule: '0 3 1 1 *', duration: '1h' },
      { effect: 'Allow', schedule: '0 * * * *', duration: '1h' },
    ],
  },
  { ...everywhere, approval: { mode: 'Never' } },
  { ...everywhere, approval: { mode: 'OnRisk', risk: { delta: 30 } } },
  { ...everywhere, rate: { perTargetPerHour: 10 } },
  { ...everywhere, rate: { perNamespacePerHour: 5000 }, storm: { failures: 50, window: '10m', coolDown: '10m' } },
  { match: { namespaces: { names: ['elsewhere'] } }, replicas: { max: 1 } },
  { match: { sources: ['person-*'] }, approval: { mode: 'Always' } },
  { match: { targets: { selector: { matchLabels: { frozen: 'yes' } } } }, replicas: { max: 1 } },
  { match: { namespaces: { selector: { matchLabels: { env: 'prod' } } } }, gitOps: 'Refuse' },
];

export const POLICY_NAMES: readonly string[] = SPECS.map((_, i) => `bench-${String(i).padStart(2, '0')}`);

export function policyBody(name: string): unknown {
  return { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchPolicy', spec: SPECS[POLICY_NAMES.indexOf(name)] };
}
