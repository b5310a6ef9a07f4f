import { describe, expect, test } from 'vitest';
import { HELMS, refusal, renderChart } from '../../support/helm.ts';

// Values that Helm refuses, each with a message that says what to do.

interface Refused {
  readonly values: object;
  readonly says: string;
  readonly release?: string;
}

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments' };

const COMBINATIONS: Readonly<Record<string, Refused>> = {
  'single with several pods': {
    values: { persistence: { mode: 'single' } },
    says: 'persistence.mode=single needs replicas=1: a ReadWriteOnce volume is for one pod (replicas is 2)',
  },
  'no leader election with several pods': {
    values: { leaderElect: false },
    says: 'leaderElect=false needs replicas=1: without election every pod would work (replicas is 2)',
  },
  'shared without ReadWriteMany': {
    values: { persistence: { mode: 'shared', accessModes: ['ReadWriteOnce'] } },
    says: 'persistence.mode=shared needs the access mode ReadWriteMany, or an existing claim',
  },
  'a claim for emptyDir': {
    values: { persistence: { existingClaim: 'mine' } },
    says: 'persistence.existingClaim is for a claim, but persistence.mode=emptyDir has none',
  },
  'a storage class for emptyDir': {
    values: { persistence: { storageClass: 'fast' } },
    says: 'persistence.storageClass is for a claim, but persistence.mode=emptyDir has none',
  },
  'access modes for an existing claim': {
    values: { persistence: { mode: 'shared', existingClaim: 'mine', accessModes: ['ReadWriteMany'] } },
    says: 'persistence.accessModes is for a new claim, but persistence.existingClaim names one that exists',
  },
  'a disruption budget that no drain satisfies': {
    values: { podDisruptionBudget: { minAvailable: 2 } },
    says: 'podDisruptionBudget.minAvailable=2 of 2 replicas would block every drain',
  },
  'a disruption budget of all': {
    values: { podDisruptionBudget: { minAvailable: '100%' } },
    says: 'podDisruptionBudget.minAvailable=100% of 2 replicas would block every drain',
  },
  'a disruption budget that is rounded up to all': {
    values: { podDisruptionBudget: { minAvailable: '67%' }, replicas: 3 },
    says: 'podDisruptionBudget.minAvailable=67% of 3 replicas would block every drain',
  },
  'packages over the program': {
    values: { outputDir: '/opt/patchgen' },
    says: 'outputDir=/opt/patchgen would hide or be part of the image or the system',
  },
  'packages over the token': {
    values: { outputDir: '/var/run/secrets/kubernetes.io/serviceaccount' },
    says: 'would hide or be part of the image or the system',
  },
  'one port for two servers': {
    values: { metricsBindAddress: ':8081' },
    says: 'metricsBindAddress and healthProbeBindAddress need two ports (both are 8081)',
  },
  'a monitor without metrics': {
    values: { metricsBindAddress: 0, podMonitor: { enabled: true } },
    says: 'podMonitor.enabled needs metrics, but metricsBindAddress is 0',
  },
  'two monitors': {
    values: { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } },
    says: 'serviceMonitor.enabled and podMonitor.enabled would read everything twice',
  },
  'nobody to work as': {
    values: { serviceAccount: { create: false } },
    says: 'serviceAccount.create=false needs serviceAccount.name',
  },
  'a lease shorter than its renewal': {
    values: { leaderElectionLeaseDuration: '8s' },
    says: 'leaderElectionLeaseDuration (8s) must be longer than leaderElectionRenewDeadline (10s)',
  },
  'a renewal shorter than its retries': {
    values: { leaderElectionRetryPeriod: '8400ms' },
    says: 'leaderElectionRenewDeadline (10s) must be longer than 1.2 times leaderElectionRetryPeriod (8400ms)',
  },
  'approvals that nothing guards': {
    values: { admissionPolicies: { enabled: false } },
    says: 'approvalGuard=true needs admissionPolicies.enabled, .requestedBy and .approver: without them no approval counts',
  },
  'approvals that only half of the guards keep true': {
    values: { admissionPolicies: { approver: false } },
    says: 'approvalGuard=true needs admissionPolicies.enabled, .requestedBy and .approver',
  },
  'one kind as two resources': {
    values: { targets: [DEPLOYMENT, { ...DEPLOYMENT, resource: 'deployment' }] },
    says: 'targets names apps/v1 Deployment twice: a kind is served as one resource',
  },
  'a name that no Service may have': {
    values: {},
    release: '1st',
    says: 'the Service would be called "1st-patchgen", but such a name begins with a letter',
  },
};

const SCHEMA: Readonly<Record<string, Refused>> = {
  'an unknown value': { values: { replica: 1 }, says: "additional properties 'replica' not allowed" },
  'an unknown value below': { values: { image: { tagg: 'x' } }, says: "additional properties 'tagg' not allowed" },
  'a setting that the pod finds by itself': {
    values: { kubeconfig: '/x' },
    says: "additional properties 'kubeconfig' not allowed",
  },
  'text for a number': { values: { replicas: '2' }, says: "at '/replicas': got string, want integer" },
  'text for a list': { values: { watchNamespaces: 'shop' }, says: "at '/watchNamespaces': got string, want array" },
  'a number out of range': { values: { workers: 257 }, says: "at '/workers': maximum: got 257, want 256" },
  'a value that is taken away': { values: { workers: null }, says: "missing property 'workers'" },
  'an unknown mode': {
    values: { persistence: { mode: 'rwx' } },
    says: "value must be one of 'emptyDir', 'shared', 'single'",
  },
  'the root user': {
    values: { podSecurityContext: { runAsUser: 0 } },
    says: "at '/podSecurityContext/runAsUser': minimum",
  },
  'a weaker pod': {
    values: { podSecurityContext: { runAsNonRoot: false } },
    says: "additional properties 'runAsNonRoot' not allowed",
  },
  'a label that selects pods': {
    values: { podLabels: { 'app.kubernetes.io/name': 'other' } },
    says: "at '/podLabels/app.kubernetes.io~1name': false schema",
  },
  'a label that no object may have': {
    values: { podLabels: { 'a b': 'x' } },
    says: "at '/podLabels': additional properties",
  },
  'a label that is no text': {
    values: { podLabels: { tier: 1 } },
    says: "at '/podLabels/tier': got number, want string",
  },
  'an unknown resource': {
    values: { resources: { limits: { disk: '1' } } },
    says: "at '/resources/limits': additional",
  },
  'a setting as a variable': {
    values: { extraEnv: [{ name: 'PATCHGEN_WORKERS', value: '1' }] },
    says: "at '/extraEnv/0/name': 'not' failed",
  },
  'less time than the operator needs to end': {
    values: { terminationGracePeriodSeconds: 10 },
    says: "at '/terminationGracePeriodSeconds': minimum: got 10, want 28",
  },
  'no target at all': { values: { targets: [] }, says: "at '/targets': minItems: got 0, want 1" },
  'every resource as a target': {
    values: { targets: [{ ...DEPLOYMENT, resource: '*' }] },
    says: "at '/targets/0/resource': '*' does not match pattern",
  },
  'every group as a target': {
    values: { targets: [{ ...DEPLOYMENT, apiVersion: '*' }] },
    says: "at '/targets/0/apiVersion': '*' does not match pattern",
  },
  'a subresource as a target': {
    values: { targets: [{ ...DEPLOYMENT, resource: 'pods/exec' }] },
    says: "at '/targets/0/resource': 'pods/exec' does not match pattern",
  },
  'secrets as a target': {
    values: { targets: [{ ...DEPLOYMENT, resource: 'secrets' }] },
    says: "at '/targets/0/resource': 'not' failed",
  },
  'a target without its resource': {
    values: { targets: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] },
    says: "at '/targets/0': missing property 'resource'",
  },
  'a target that would end the text of an expression': {
    values: { targets: [{ ...DEPLOYMENT, kind: "A': 'b" }] },
    says: "at '/targets/0/kind'",
  },
  'a secret without a name': { values: { imagePullSecrets: [{ name: '' }] }, says: "at '/imagePullSecrets/0/name'" },
};

describe.each(HELMS)('%s refuses', (helm) => {
  test.each(Object.entries(COMBINATIONS))('%s', async (_, { values, says, release = 'patchgen' }) => {
    const told = await refusal({ helm, values, release });
    expect(told).toContain('The values do not fit together:\n  - ');
    expect(told).toContain(says);
  });

  test.each(Object.entries(SCHEMA))('%s', async (_, { values, says }) => {
    expect(await refusal({ helm, values })).toContain(says);
  });
});

test('all problems are told at once', async () => {
  const told = await refusal({
    values: { leaderElect: false, persistence: { mode: 'single' }, metricsBindAddress: ':8081' },
  });
  expect(told.match(/^ {2}- /gm)).toHaveLength(3);
});

test('what only looks like such a combination is rendered', async () => {
  for (const values of [
    { replicas: 1, leaderElect: false },
    { replicas: 1, persistence: { mode: 'single' } },
    { replicas: 0, leaderElect: false },
    { replicas: 1, podDisruptionBudget: { minAvailable: 1 } },
    { replicas: 3, podDisruptionBudget: { minAvailable: '66%' } },
    { outputDir: '/opt/packages' },
    { admissionPolicies: { enabled: false }, approvalGuard: false },
    { admissionPolicies: { enabled: false }, policies: false },
    { admissionPolicies: { requester: false } },
    { persistence: { mode: 'shared', accessModes: ['ReadWriteMany', 'ReadWriteOnce'] } },
  ])
    expect((await renderChart({ values })).length).toBeGreaterThan(6);
});
