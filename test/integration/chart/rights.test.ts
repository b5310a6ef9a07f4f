import { describe, expect, test } from 'vitest';
import { HELMS, type KubernetesObject, only, renderChart } from '../../support/helm.ts';

// Who may do what, by the roles that the chart renders. Other tests run the operator with them.

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const isRole = ({ kind }: KubernetesObject): boolean => kind === 'Role' || kind === 'ClusterRole';
const rulesOf = (object: KubernetesObject): readonly Rule[] => object.rules as readonly Rule[];
const EVENTS = { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] };
const INTENTS = [
  { apiGroups: ['patchgen.dev'], resources: ['patchintents'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['patchgen.dev'], resources: ['patchintents/status'], verbs: ['update'] },
];

describe.each(HELMS)('%s', (helm) => {
  test('rights on all namespaces are those on intents and Events', async () => {
    const role = only(await renderChart({ helm }), 'ClusterRole', 'patchgen-system:patchgen');
    expect(rulesOf(role)).toEqual([...INTENTS, EVENTS]);
  });

  test('with watchNamespaces nothing is granted outside of them and the own namespace', async () => {
    const objects = await renderChart({ helm, values: { watchNamespaces: ['shop', 'payments'] } });
    expect(objects.filter(({ kind }) => kind.startsWith('Cluster'))).toEqual([]);
    const granted = objects
      .filter(({ kind, metadata }) => kind === 'Role' && metadata.name === 'patchgen-system:patchgen')
      .map((role) => [role.metadata.namespace, rulesOf(role)]);
    expect(Object.fromEntries(granted)).toEqual({
      shop: [...INTENTS, EVENTS],
      payments: [...INTENTS, EVENTS],
      'patchgen-system': [EVENTS],
    });
  });

  test('a watched namespace that is the own one has one role', async () => {
    const objects = await renderChart({ helm, values: { watchNamespaces: ['patchgen-system'] } });
    const role = only(objects, 'Role', 'patchgen-system:patchgen');
    expect(rulesOf(role)).toEqual([...INTENTS, EVENTS]);
  });
});

test('no right is a wildcard, reads secrets, impersonates or writes rights', async () => {
  for (const values of [{}, { watchNamespaces: ['shop'] }]) {
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
    const bindings = objects.filter(({ kind }) => kind.endsWith('Binding'));
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
  expect(objects.filter((it) => isRole(it) || /Binding|ServiceAccount/.test(it.kind))).toEqual([]);
});
