import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HelmCluster, helmCluster } from '../../support/helm-cluster.ts';

// config/default as a user without Helm applies it, on a real control plane without nodes.

let cluster: HelmCluster;
beforeAll(async () => {
  cluster = await helmCluster();
});
afterAll(async () => cluster?.stop());

test('kubectl apply -k installs everything into a namespace that enforces Pod Security, and changes nothing a second time', async () => {
  const { plane } = cluster;
  const { stderr } = await plane.kubectl(['apply', '-k', 'config/default']);
  expect(stderr).toBe('');
  await expect.poll(() => cluster.podsIn('patchgen-system'), { timeout: 60_000 }).toBe(2);
  await cluster.createIntent('default');
  const { code, stdout } = await plane.kubectl(['diff', '-k', 'config/default'], { allowFailure: true });
  expect(stdout).toBe('');
  expect(code).toBe(0);
});

test('without config/manager and config/rbac the operator and its rights are gone, and the intents stay', async () => {
  const { plane } = cluster;
  for (const part of ['manager', 'rbac']) await plane.kubectl(['delete', '-k', `config/${part}`, '--timeout=60s']);
  const kinds = 'deployments,services,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings';
  const { stdout } = await plane.kubectl(['get', kinds, '-n', 'patchgen-system', '-o', 'name']);
  expect(stdout).not.toContain('patchgen');
  expect((await plane.kubectl(['get', 'patchintents', '-n', 'default', '-o', 'name'])).stdout).toContain('patchintent');
});

test('what is left is removed by the same command, intents included', async () => {
  await cluster.plane.kubectl(['delete', '-k', 'config/default', '--ignore-not-found', '--timeout=60s']);
  expect(await cluster.crd()).toBeUndefined();
});
