import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { GuardBinding, GuardPolicy } from '../../../src/api/guards/guard.ts';
import { GUARDS } from '../../../src/api/guards/index.ts';
import { requesterGuard } from '../../../src/api/guards/requester.ts';
import { runChecks } from '../../../src/cli/doctor/check.ts';
import { guardChecks } from '../../../src/cli/doctor/guard-checks.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { loadAccess } from '../../../src/platform/kubernetes/access.ts';
import { ConnectionError } from '../../../src/platform/kubernetes/client.ts';
import { createKubeClient, type HttpKubeClient } from '../../../src/platform/kubernetes/http-client.ts';
import type { ApprovalQuestion } from '../../../src/reconcile/permit/approvals.ts';
import { createGuard } from '../../../src/reconcile/permit/guard.ts';
import { inspect, type StoredGuard } from '../../../src/reconcile/permit/guard-object.ts';
import { type ControlPlane, startControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { installCrds } from '../../../tools/control-plane/crds.ts';
import { guardPath, installGuards, putGuard } from '../../support/guards.ts';
import { operatorAccount } from '../../support/operator-account.ts';

// The operator's look at the guard, with the rights of the chart, on a real API server whose guard others tamper with.

const SIGNAL = new AbortController().signal;
const MERGE = 'application/merge-patch+json';
const TRUSTED = [GUARDS.approver, GUARDS['requested-by']].flatMap(({ policy, binding }) => [policy, binding]);

let plane: ControlPlane;
let client: HttpKubeClient;
/** When the guard was created, in milliseconds since 1970. */
let installed: number;

beforeAll(async () => {
  plane = await startControlPlane();
  await installCrds(plane, join(import.meta.dirname, '../../../crds'));
  const scope = { name: 'patchgen', namespace: 'default', values: {} };
  client = await clientOf((await operatorAccount(plane, scope)).kubeconfig());
  await installGuards(plane);
  installed = (await trustedSince()) - 5_000;
  // The server gives times in whole seconds: what happens from here on is later.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
});
afterAll(async () => {
  await client?.close();
  await plane?.stop();
});
beforeEach(() => installGuards(plane));

async function clientOf(kubeconfig: string): Promise<HttpKubeClient> {
  const access = await loadAccess({ kubeconfig, env: {} });
  return createKubeClient(access, { clock: systemClock, userAgent: 'test/guard' });
}

/** A fresh look, with nothing remembered. */
const look = (as = client): Promise<ApprovalQuestion['guard']> =>
  createGuard(as, { clock: systemClock, enforce: true }).state(SIGNAL);

async function trustedSince(): Promise<number> {
  const state = await look();
  if (state === 'not-asked' || 'broken' in state) throw new Error(JSON.stringify(state));
  return state.trustedSince.getTime();
}

const patch = async (object: GuardPolicy | GuardBinding, body: unknown, type = MERGE): Promise<void> => {
  const answer = await plane.request('PATCH', guardPath(object), body, type);
  if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
};

/** Since when this object of the guard is as it should be. */
async function since(object: GuardPolicy | GuardBinding): Promise<number> {
  const { body } = await plane.request('GET', guardPath(object));
  const finding = inspect(object, body as StoredGuard);
  if ('wrong' in finding) throw new Error(finding.wrong);
  return finding.since.getTime();
}

// Before the tests that change it for good.
test('labels of a release, and a release that is installed again, are no change of the guard', async () => {
  for (const object of TRUSTED) await patch(object, { metadata: { labels: { release: '2' } } });
  await installGuards(plane);
  expect(await trustedSince()).toBe(installed + 5_000);
});

for (const object of TRUSTED) {
  const what = `${object.kind} ${object.metadata.name}`;

  test(`without ${what} nothing is trusted, and when it is back only what comes after`, async () => {
    await plane.request('DELETE', guardPath(object));
    expect(await look()).toEqual({ broken: expect.stringContaining(`${what} is not installed; install the`) });
    await putGuard(plane, object);
    expect(await since(object)).toBeGreaterThan(installed);
    expect(await trustedSince()).toBeGreaterThan(installed + 5_000);
  });
}

const SOME_NAMESPACES = { namespaceSelector: { matchLabels: { guarded: 'yes' } } };

for (const { policy, binding } of [GUARDS.approver, GUARDS['requested-by']]) {
  const tampering: Readonly<Record<string, readonly [GuardPolicy | GuardBinding, object]>> = {
    'a binding that only audits': [binding, { validationActions: ['Audit'] }],
    'a binding that leaves out namespaces': [binding, { matchResources: SOME_NAMESPACES }],
    'a policy that leaves out namespaces': [policy, { matchConstraints: SOME_NAMESPACES }],
    'a policy that leaves out creations': [
      policy,
      { matchConstraints: { resourceRules: [{ ...ruleOf(policy), operations: ['UPDATE'] }] } },
    ],
    'a policy that makes exceptions': [policy, { matchConditions: [{ name: 'never', expression: 'false' }] }],
    'a policy that fails open': [policy, { failurePolicy: 'Ignore' }],
    'a policy that asks nothing': [policy, { validations: [{ expression: 'true' }] }],
    'a policy with a parameter': [policy, { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }],
  };
  for (const [what, [object, spec]] of Object.entries(tampering)) {
    test(`${what} of ${object.metadata.name} is found, and what came before it was put right is not trusted`, async () => {
      await patch(object, { spec });
      const member = Object.keys(spec)[0] ?? '';
      const broken = new RegExp(`${object.metadata.name} was changed at spec[.]${member}`);
      expect(await look()).toEqual({ broken: expect.stringMatching(broken) });
      await patch(object, putBack(object, member), 'application/json-patch+json');
      expect(await since(object)).toBeGreaterThan(installed);
    });
  }
}

test('traces that were wiped away are missed', async () => {
  const { binding } = GUARDS.approver;
  await patch(binding, { spec: { validationActions: ['Audit'] } });
  await patch(binding, { metadata: { managedFields: [{}] }, spec: { validationActions: ['Deny'] } });
  expect(await look()).toEqual({ broken: expect.stringContaining('does not say when it was changed last') });
  await plane.request('DELETE', guardPath(binding));
});

test('the third policy may be as it likes: it says who asks, not who approves', async () => {
  const { policy, binding } = GUARDS.requester;
  for (const object of [policy, binding]) await plane.request('DELETE', guardPath(object));
  expect(await look()).toHaveProperty('trustedSince');
});

describe('the doctor', () => {
  const admin = async (): Promise<HttpKubeClient> => {
    const own = await clientOf(plane.kubeconfig);
    onTestFinished(() => own.close());
    return own;
  };
  const findings = async (as: HttpKubeClient) => {
    const checks = guardChecks(
      'a',
      async () => ({ client: as, access: await loadAccess({ kubeconfig: plane.kubeconfig, env: {} }) }),
      {
        approvals: true,
      },
    );
    const found = await runChecks(checks.map(({ area, name, run }) => ({ area, name, run })));
    return Object.fromEntries(found.map((one) => [one.name, one]));
  };
  const { policy, binding } = GUARDS.requester;
  /** Until the end of the test: an apply alone would leave what others have added. */
  const change = async (object: GuardPolicy | GuardBinding, spec: object): Promise<void> => {
    await patch(object, { spec });
    onTestFinished(async () => {
      await plane.request('DELETE', guardPath(object));
    });
  };

  test('looks at all three admission policies, as far as whoever runs it may', async () => {
    const asAdmin = await findings(await admin());
    expect(asAdmin).toMatchObject({ 'guarded approvals': { state: 'ok' }, 'guarded requests': { state: 'ok' } });
    const asOperator = await findings(client);
    expect(asOperator).toMatchObject({
      'guarded approvals': { state: 'ok' },
      'guarded requests': { state: 'skipped' },
    });
  });

  test('takes any kinds that the chart may have been given', async () => {
    const targets = [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', resource: 'rollouts' }];
    await change(policy, requesterGuard(targets).policy.spec);
    expect(await findings(await admin())).toMatchObject({ 'guarded requests': { state: 'ok' } });
  });

  const requester: Readonly<Record<string, readonly [GuardPolicy | GuardBinding, object, RegExp]>> = {
    'a binding that only audits': [
      binding,
      { validationActions: ['Audit'] },
      /Binding requester.* spec[.]validationActions/,
    ],
    'a policy that asks nothing': [
      policy,
      { validations: [{ expression: 'true' }] },
      /Policy requester.* spec[.]validations/,
    ],
    'a policy without variables': [
      policy,
      { variables: [], validations: [{ expression: 'true' }] },
      /requester.* spec[.]/,
    ],
  };
  for (const [what, [object, spec, words]] of Object.entries(requester)) {
    test(`finds ${what}`, async () => {
      await change(object, spec);
      const found = await findings(await admin());
      expect(found['guarded requests']).toMatchObject({ state: 'failed', detail: expect.stringMatching(words) });
    });
  }

  test('says what follows where the third policy is not installed, which is for the chart to say', async () => {
    await plane.request('DELETE', guardPath(binding));
    const found = await findings(await admin());
    expect(found['guarded requests']).toMatchObject({
      state: 'skipped',
      detail: expect.stringMatching(/is not installed: nobody/),
    });
  });

  test('names the rights that are missing, and not an installation that is as it should be', async () => {
    const stranger = await clientOf(await plane.kubeconfigFor('stranger'));
    onTestFinished(() => stranger.close());
    const found = (await findings(stranger))['guarded approvals'];
    expect(found).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining(
        'get validatingadmissionpolicies.admissionregistration.k8s.io approver.patchgen.dev',
      ),
      fix: expect.stringMatching(/^grant /),
    });
    expect(found?.fix).not.toContain('install');
  });
});

test('whoever may not look is told what to grant', async () => {
  const stranger = await clientOf(await plane.kubeconfigFor('stranger'));
  expect(await look(stranger)).toEqual({ broken: expect.stringContaining('the operator may not get validating') });
  await stranger.close();
});

test('a server that is away is no broken guard', async () => {
  await plane.killApiServer();
  try {
    await expect(look()).rejects.toThrow(ConnectionError);
  } finally {
    await plane.startApiServer();
  }
  expect(await look()).toHaveProperty('trustedSince');
});

function ruleOf({ spec }: GuardPolicy): object {
  const [rule] = spec.matchConstraints.resourceRules as readonly object[];
  return rule ?? {};
}

function putBack({ spec }: GuardPolicy | GuardBinding, member: string): readonly object[] {
  const value = (spec as Readonly<Record<string, unknown>>)[member];
  const path = `/spec/${member}`;
  return value === undefined ? [{ op: 'remove', path }] : [{ op: 'add', path, value }];
}
