import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Installation, install } from '../../support/node/installation.ts';
import { linksOn } from '../../support/node/links.ts';
import { isReady } from '../../support/node/release.ts';
import { applySamples, everyPackageIsIn, PUBLISHED } from '../../support/node/samples.ts';

// `persistence.mode: single`: one pod, one volume that one node may mount.

const SINGLE = { replicas: 1, persistence: { mode: 'single', storageClass: '-' } };

let on: Installation;
beforeAll(async () => {
  on = await install({ namespace: 'patchgen-single', volume: 'ReadWriteOnce', values: SINGLE });
  await applySamples(on.node);
});
afterAll(async () => on?.remove());

test('the one pod publishes to the volume', async () => {
  const pods = await on.operator.pods();
  expect(pods.map(isReady)).toEqual([true]);
  expect(Object.keys(linksOn(on.volume)).sort()).toEqual(PUBLISHED);
});

test('after an upgrade the new pod finds the packages, and publishes none again', async () => {
  const before = linksOn(on.volume);
  const old = await on.operator.leader();
  await on.operator.upgrade({ ...SINGLE, workers: 2 });
  await everyPackageIsIn(on.node, on.operator, await on.operator.leaderAfter(old));
  expect(linksOn(on.volume)).toEqual(before);
});

test('an uninstall leaves the packages, and an installation under the same name goes on with them', async () => {
  const before = linksOn(on.volume);
  await on.operator.uninstall();
  expect(linksOn(on.volume)).toEqual(before);
  const { namespace, fullname } = on.operator;
  expect(await on.kubectl('get', 'pvc', '-n', namespace, '-o', 'name')).toContain(`${fullname}-packages`);
  await on.operator.install(SINGLE);
  await everyPackageIsIn(on.node, on.operator, await on.operator.leaderAfter(''));
  expect(linksOn(on.volume)).toEqual(before);
});
