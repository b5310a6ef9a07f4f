import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Installation, install } from '../../support/node/installation.ts';
import { isReady, release } from '../../support/node/release.ts';
import { applySamples, everyPackageIsIn } from '../../support/node/samples.ts';

// The next major version of Helm, and an installation under another name after an uninstall.

let on: Installation;
beforeAll(async () => {
  on = await install({ namespace: 'patchgen-helm4', helm: 'helm4' });
  await applySamples(on.node);
});
afterAll(async () => on?.remove());

test('Helm 4 installs, tests and upgrades the release', async () => {
  const { operator } = on;
  expect((await operator.pods()).map(isReady)).toEqual([true, true]);
  expect(await operator.helm('test', operator.name)).toMatch(/Phase:\s+Succeeded/);
  await operator.upgrade({ workers: 2 });
  await everyPackageIsIn(on.node, operator, await operator.leaderAfter(''));
});

test('after an uninstall, another name finds the CRD and the intents', async () => {
  const { operator, node } = on;
  await operator.uninstall();
  const other = release(node, { name: 'other', namespace: operator.namespace, helm: 'helm4' });
  await other.install();
  await everyPackageIsIn(node, other, await other.leaderAfter(''));
  expect(await other.helm('list', '--short')).toBe('other\n');
  await other.uninstall();
});
