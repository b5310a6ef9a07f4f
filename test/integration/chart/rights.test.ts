import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { HELMS, type Helm, type KubernetesObject, renderChart } from '../../support/helm.ts';

// Who may do what, by the roles that the chart renders. Other tests run the operator with them.

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const isRole = ({ kind }: KubernetesObject): boolean => kind === 'Role' || kind === 'ClusterRole';
const rulesOf = (object: KubernetesObject): readonly Rule[] => object.rules as readonly Rule[];
const rule = (group: string, resources: readonly string[], ...verbs: readonly string[]): Rule => ({
  apiGroups: [group],
  resources,
  verbs,
});

const EVENTS = [rule('events.k8s.io', ['events'], 'create', 'patch')];
const PLAIN_INTENTS = [
  rule('patchgen.dev', ['patchintents'], 'get', 'list', 'watch'),
  rule('patchgen.dev', ['patchintents/status'], 'update'),
];
const INTENTS = [...PLAIN_INTENTS, rule('patchgen.dev', ['patchapprovals'], 'list', 'watch')];
const AUTOSCALERS = [
  rule('autoscaling', ['horizontalpodautoscalers'], 'list', 'watch'),
  rule('keda.sh', ['scaledobjects'], 'list', 'watch'),
];
const WORKLOADS = ['deployments', 'statefulsets', 'replicasets'];
const TARGETS = [...WORKLOADS.map((it) => rule('apps', [it, `${it}/scale`], 'get')), ...AUTOSCALERS];
const POLICIES = [
  rule('patchgen.dev', ['patchpolicies'], 'get', 'list', 'watch'),
  rule('patchgen.dev', ['patchpolicies/status'], 'update'),
  rule('', ['namespaces'], 'list', 'watch'),
];
const GUARDS = {
  ...rule('admissionregistration.k8s.io', ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'], 'get'),
  resourceNames: ['approver.patchgen.dev', 'requested-by.patchgen.dev'],
};

const NAME = 'patchgen-system:patchgen';

/** The rules of the operator's roles by their namespaces; `*` for the ClusterRole. */
async function granted(values: object, helm: Helm = 'helm'): Promise<Readonly<Record<string, readonly Rule[]>>> {
  const roles = (await renderChart({ helm, values })).filter((it) => isRole(it) && it.metadata.name === NAME);
  return Object.fromEntries(roles.map((role) => [role.metadata.namespace ?? '*', rulesOf(role)]));
}

describe.each(HELMS)('%s', (helm) => {
  test('rights on all namespaces are those on intents, targets, Events and policies', async () => {
    expect(await granted({}, helm)).toEqual({ '*': [...INTENTS, ...TARGETS, ...EVENTS, ...POLICIES, GUARDS] });
  });

  test('with watchNamespaces the ClusterRole has what no namespace has, and nothing else; Events of policies stand in `default`', async () => {
    expect(await granted({ watchNamespaces: ['shop', 'payments'] }, helm)).toEqual({
      shop: [...INTENTS, ...TARGETS, ...EVENTS],
      payments: [...INTENTS, ...TARGETS, ...EVENTS],
      'patchgen-system': EVENTS,
      default: EVENTS,
      '*': [...POLICIES, GUARDS],
    });
  });

  test('with watchNamespaces and without policies nothing is granted outside of them and the own namespace', async () => {
    const values = { watchNamespaces: ['shop'], policies: false };
    expect((await renderChart({ helm, values })).filter(({ kind }) => kind.startsWith('ClusterRole'))).toEqual([]);
    expect(await granted(values, helm)).toEqual({
      shop: [...PLAIN_INTENTS, ...TARGETS, ...EVENTS],
      'patchgen-system': EVENTS,
    });
  });
});

test('a watched namespace that is the own one has one role', async () => {
  expect(await granted({ watchNamespaces: ['patchgen-system'] })).toMatchObject({
    'patchgen-system': [...INTENTS, ...TARGETS, ...EVENTS],
  });
});

test('where intents of watched namespaces may reach, targets are read and nothing else', async () => {
  const values = { watchNamespaces: ['shop'], allowedTargetNamespaces: ['apps', 'patchgen-system'] };
  expect(await granted(values)).toMatchObject({
    shop: [...INTENTS, ...TARGETS, ...EVENTS],
    apps: TARGETS,
    'patchgen-system': [...TARGETS, ...EVENTS],
  });
  expect(await granted({ ...values, livePlans: false })).toEqual({
    shop: [...INTENTS, ...EVENTS],
    'patchgen-system': EVENTS,
    default: EVENTS,
    '*': [...POLICIES, GUARDS],
  });
});

test('a right goes with the setting that needs it', async () => {
  const all = [...INTENTS, ...TARGETS, ...EVENTS, ...POLICIES, GUARDS];
  const without = (...rules: readonly Rule[]) => ({ '*': all.filter((it) => !rules.includes(it)) });
  expect(await granted({ policies: false })).toEqual({ '*': [...PLAIN_INTENTS, ...TARGETS, ...EVENTS] });
  expect(await granted({ livePlans: false })).toEqual(without(...TARGETS));
  expect(await granted({ livePlans: false, planDryRun: true })).toEqual(without(...TARGETS));
  expect(await granted({ approvalGuard: false })).toEqual(without(GUARDS));
});

test('a dry run of patches is a right to patch the targets themselves, and no more', async () => {
  const patches = WORKLOADS.map((it) => rule('apps', [it], 'patch'));
  const { '*': rules = [] } = await granted({ planDryRun: true });
  const { '*': usual = [] } = await granted({});
  expect(rules.filter((it) => !usual.some((other) => isDeepStrictEqual(it, other)))).toEqual(patches);
  expect(rules).toHaveLength(usual.length + patches.length);
});

test('targets are read kind by kind; a custom one by its scale, and its definition alone', async () => {
  const targets = [
    { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', resource: 'rollouts' },
    { apiVersion: 'v1', kind: 'ReplicationController', resource: 'replicationcontrollers' },
    { apiVersion: 'x.k8s.io/v1', kind: 'Thing', resource: 'things' },
  ];
  const reads = [
    rule('argoproj.io', ['rollouts', 'rollouts/scale'], 'get'),
    rule('', ['replicationcontrollers', 'replicationcontrollers/scale'], 'get'),
    rule('x.k8s.io', ['things', 'things/scale'], 'get'),
  ];
  const definitions = {
    ...rule('apiextensions.k8s.io', ['customresourcedefinitions'], 'get'),
    resourceNames: ['rollouts.argoproj.io'],
  };
  const all = [...INTENTS, ...reads, ...AUTOSCALERS, ...EVENTS, ...POLICIES, GUARDS, definitions];
  expect(await granted({ targets })).toEqual({ '*': all });
  expect(await granted({ targets, watchNamespaces: ['shop'], policies: false })).toEqual({
    shop: [...PLAIN_INTENTS, ...reads, ...AUTOSCALERS, ...EVENTS],
    'patchgen-system': EVENTS,
    '*': [definitions],
  });
});

test('no right is a wildcard, reads secrets, impersonates or writes rights', async () => {
  for (const values of [{}, { watchNamespaces: ['shop'] }, { planDryRun: true }]) {
    const rules = (await renderChart({ values })).filter(isRole).flatMap(rulesOf);
    expect(rules.length).toBeGreaterThan(3);
    const text = JSON.stringify(rules);
    for (const word of ['*', 'secrets', 'impersonate', 'bind', 'escalate', 'rbac.'])
      expect(text).not.toContain(`"${word}`);
  }
});

test('every role is bound to the account of the release, in its namespace, and to nobody else', async () => {
  for (const values of [{}, { watchNamespaces: ['shop'] }, { serviceAccount: { create: false, name: 'mine' } }]) {
    const objects = await renderChart({ values });
    const bindings = objects.filter(({ kind }) => kind.endsWith('RoleBinding'));
    const name = values.serviceAccount?.name ?? 'patchgen';
    for (const { subjects } of bindings)
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name, namespace: 'patchgen-system' }]);
    const place = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.namespace}/${metadata.name}`;
    const bound = bindings.map(({ kind, metadata, roleRef }) => {
      const { kind: role, name: roleName } = roleRef as { kind: string; name: string };
      expect(role).toBe(kind.replace('Binding', ''));
      return `${role}/${metadata.namespace}/${roleName}`;
    });
    expect(bound.toSorted()).toEqual(objects.filter(isRole).map(place).toSorted());
  }
});

test('rbac.create=false and serviceAccount.create=false leave both to others', async () => {
  const values = { rbac: { create: false }, serviceAccount: { create: false, name: 'mine' } };
  const objects = await renderChart({ values });
  expect(objects.filter((it) => isRole(it) || /RoleBinding|ServiceAccount/.test(it.kind))).toEqual([]);
});
