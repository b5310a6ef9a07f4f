import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectNoRefusals } from '../../support/node/audit.ts';
import { type Installation, install } from '../../support/node/installation.ts';
import { restrictedNamespace } from '../../support/node/restricted-namespace.ts';
import { applySamples } from '../../support/node/samples.ts';
import { sharedNode } from '../../support/node/shared-node.ts';

// `watchNamespaces`: Roles in the listed namespaces and no ClusterRole. Network policies are accepted; nothing here enforces them.

const ELSEWHERE = 'warehouse';

let on: Installation;
beforeAll(async () => {
  const { node } = await sharedNode();
  await restrictedNamespace(node, 'shop');
  await restrictedNamespace(node, ELSEWHERE);
  const values = { watchNamespaces: ['shop'], networkPolicy: { enabled: true } };
  on = await install({ namespace: 'patchgen-narrow', values });
});
afterAll(async () => {
  await on?.remove();
  await on?.kubectl('delete', 'namespace', ELSEWHERE);
});

test('intents in the listed namespace get packages, others are left alone', async () => {
  const intent = {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchIntent',
    metadata: { name: 'shelf', namespace: ELSEWHERE },
    spec: { intentType: 'scaling', target: 'shelf', replicas: 2 },
  };
  await on.node.kubectl(['create', '-f', '-'], { input: JSON.stringify(intent) });
  await applySamples(on.node);
  const status = await on.kubectl('get', 'pi', 'shelf', '-n', ELSEWHERE, '-o', 'jsonpath={.status.conditions}');
  expect(status).toBe('');
});

test('there is no ClusterRole, and no right is missing', async () => {
  const roles = await on.kubectl('get', 'clusterroles,clusterrolebindings', '-o', 'name');
  expect(roles.split('\n').filter((name) => name.includes('patchgen'))).toEqual([]);
  expectNoRefusals(on.node, on.operator);
});

test('the network policy is accepted', async () => {
  const policies = await on.kubectl('get', 'networkpolicies', '-n', on.operator.namespace, '-o', 'name');
  expect(policies).toContain('patchgen');
});
