import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectNoRefusals } from '../../support/node/audit.ts';
import { type Installation, install } from '../../support/node/installation.ts';
import { linksOn } from '../../support/node/links.ts';
import { buildInPod, importKustomize } from '../../support/node/reader.ts';
import { isReady } from '../../support/node/release.ts';
import { applySamples, PUBLISHED } from '../../support/node/samples.ts';

// `persistence.mode: shared`: all pods of the operator, and those of readers, mount one volume.

let on: Installation;
beforeAll(async () => {
  on = await install({
    name: 'team',
    namespace: 'patchgen-shared',
    volume: 'ReadWriteMany',
    values: { persistence: { mode: 'shared', storageClass: '-' } },
  });
  await applySamples(on.node);
});
afterAll(async () => on?.remove());

test('a pod of a reader feeds a package to kustomize, which changes the Deployment', async () => {
  await importKustomize(on.node);
  const { namespace, fullname } = on.operator;
  const built = await buildInPod(on.node, namespace, `${fullname}-packages`, 'shop/web');
  expect(loadAll(built)).toMatchObject([
    { kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec: { replicas: 5 } },
  ]);
});

test('another leader goes on with the packages that are there', async () => {
  const { operator, kubectl, volume } = on;
  const before = linksOn(volume);
  expect(Object.keys(before).sort()).toEqual(PUBLISHED);
  const old = await operator.leader();
  await kubectl('delete', 'pod', old, '-n', operator.namespace, '--wait=false');
  const next = await operator.leaderAfter(old);
  const change = { spec: { replicas: 7 } };
  await kubectl('patch', 'pi', 'web', '-n', 'shop', '--type=merge', '-p', JSON.stringify(change));
  await eventually('the new leader publishes a change', () => linksOn(volume).web !== before.web);
  expect(linksOn(volume)).toEqual({ ...before, web: linksOn(volume).web });
  expect(await operator.exec(next, 'patchgen', 'verify', '/var/lib/patchgen')).toContain(' 0 altered');
  await eventually('two pods are ready again', async () => (await operator.pods()).filter(isReady).length === 2);
});

test('the API server refused no request of the service account', () => {
  expectNoRefusals(on.node, on.operator);
});
