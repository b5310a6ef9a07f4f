import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectNoRefusals } from '../../support/node/audit.ts';
import { buildInPod, importKustomize } from '../../support/node/reader.ts';
import { isReady, type Release, release } from '../../support/node/release.ts';
import { restrictedNamespace } from '../../support/node/restricted-namespace.ts';
import { type SharedNode, sharedNode } from '../../support/node/shared-node.ts';
import { type Volume, volumeFor } from '../../support/node/volume.ts';

// `persistence.mode: shared`: all pods, and those of readers, mount one volume.

const PUBLISHED = ['web', 'orders-db', 'night-batch-off', 'sale-rush', 'legacy-cart'];

let shared: SharedNode;
let operator: Release;
let volume: Volume;
beforeAll(async () => {
  shared = await sharedNode();
  // Another name than that of the other file: the CRD that its release left is taken as it is.
  operator = release(shared.node, { name: 'team', namespace: 'patchgen-shared' });
  const { namespace, fullname } = operator;
  await restrictedNamespace(shared.node, namespace);
  const claim = `${fullname}-packages`;
  volume = await volumeFor(shared.node, { namespace, claim, accessMode: 'ReadWriteMany' });
  await operator.install({ persistence: { mode: 'shared', storageClass: '-' } });
  await kubectl('apply', '-f', 'config/samples');
  await kubectl('wait', '-n', 'shop', '--for=condition=Ready', ...PUBLISHED.map((it) => `pi/${it}`), '--timeout=60s');
});
afterAll(async () => {
  if (operator === undefined) return;
  await operator.uninstall();
  await kubectl('delete', 'namespace', 'shop', operator.namespace, '--ignore-not-found');
  await volume.remove();
});

const kubectl = async (...words: string[]): Promise<string> => (await shared.node.kubectl(words)).stdout;

/** Name of each package → the store entry that it leads to. */
const links = (): Record<string, string> => {
  const folder = join(volume.folder, 'packages', 'shop');
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readlinkSync(join(folder, name))]));
};

test('a pod of a reader feeds a package to kustomize, which changes the Deployment', async () => {
  await importKustomize(shared.node);
  const claim = `${operator.fullname}-packages`;
  const built = await buildInPod(shared.node, operator.namespace, claim, 'shop/web');
  expect(loadAll(built)).toMatchObject([
    { kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec: { replicas: 5 } },
  ]);
});

test('another leader goes on with the packages that are there', async () => {
  const before = links();
  expect(Object.keys(before).sort()).toEqual([...PUBLISHED].sort());
  const old = await operator.leader();
  await kubectl('delete', 'pod', old, '-n', operator.namespace, '--wait=false');
  const next = await operator.leaderAfter(old);
  const change = { spec: { replicas: 7 } };
  await kubectl('patch', 'pi', 'web', '-n', 'shop', '--type=merge', '-p', JSON.stringify(change));
  await eventually('the new leader publishes a change', () => links().web !== before.web);
  expect(links()).toEqual({ ...before, web: links().web });
  expect(await operator.exec(next, 'patchgen', 'verify', '/var/lib/patchgen')).toContain(' 0 altered');
  await eventually('two pods are ready again', async () => (await operator.pods()).filter(isReady).length === 2);
});

test('the API server refused no request of the service account', () => {
  expectNoRefusals(shared.node, operator);
});
