import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { CHART } from '../../support/helm.ts';
import { expectNoRefusals } from '../../support/node/audit.ts';
import { exportedPackage } from '../../support/node/exported.ts';
import { type Installation, install } from '../../support/node/installation.ts';
import { args, isReady, type Pod, restarts } from '../../support/node/release.ts';
import { applySamples, everyPackageIsIn, PUBLISHED } from '../../support/node/samples.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { runTool } from '../../support/tool.ts';

// One release, from `helm install` to `helm uninstall`, as a user sees it. Each test goes on where the one before ended.

const CRD = ['get', 'crd', 'patchintents.patchgen.dev', '-o', 'jsonpath={.spec.names.shortNames}'] as const;

let on: Installation;
beforeAll(async () => {
  on = await install({ namespace: 'patchgen-system' });
});
afterAll(async () => on?.remove());

const names = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.name);

/** Resolves once two pods are ready that are none of these. */
async function twoOthers(old: readonly string[]): Promise<void> {
  await eventually('two other pods are ready, and no more', async () => {
    const pods = await on.operator.pods();
    return pods.length === 2 && pods.every(isReady) && !names(pods).some((name) => old.includes(name));
  });
}

test('helm install brings two pods that are ready by their probes, in a namespace that enforces "restricted"', async () => {
  const pods = await on.operator.pods();
  expect(pods).toHaveLength(2);
  expect(pods.every(isReady)).toBe(true);
  expect(pods.map(restarts)).toEqual([0, 0]);
  const images = pods.flatMap(({ spec }) => spec.containers.map(({ image }) => image));
  expect(images).toEqual([on.image.ref, on.image.ref]);
});

test('the samples become Ready, and a package comes out through kubectl exec with the digest of its status', async () => {
  await applySamples(on.node);
  const leader = await on.operator.leader();
  const web = await exportedPackage(await on.operator.exec(leader, 'patchgen', 'export', 'shop/web'));
  const digest = await on.kubectl('get', 'pi', 'web', '-n', 'shop', '-o', 'jsonpath={.status.package.digest}');
  expect(digest).toContain(web.digest);
  const patch = load(web.files['scaling-patch.yaml'] ?? '');
  expect(patch).toMatchObject({ metadata: { name: 'web' }, spec: { replicas: 5 } });
  await everyPackageIsIn(on.node, on.operator, leader);
  const status = [join(CHART, '../../bin/patchgen.mjs'), 'status', 'web', '-n', 'shop'];
  const seen = await runTool(process.execPath, status, { env: { KUBECONFIG: on.node.kubeconfig } });
  expect(seen.stdout).toContain('shop/web  Published');
});

test('metrics come through the Service, from the node and from another pod', async () => {
  const { name, namespace, helm } = on.operator;
  const address = await on.kubectl('get', 'service', name, '-n', namespace, '-o', 'jsonpath={.spec.clusterIP}');
  const url = JSON.stringify(`http://${address}:8080/metrics`);
  const fetched = `const answer = await fetch(${url}); console.log(answer.status, await answer.text())`;
  const { stdout } = await on.node.inNetwork([process.execPath, '--input-type=module', '-e', fetched]);
  expect(stdout).toMatch(/^200 /);
  expect(stdout).toMatch(/^patchgen_build_info\{/m);
  expect(await helm('test', name)).toMatch(/Phase:\s+Succeeded/);
});

test('when the pod that leads is deleted, another leads, with every package on its disk', async () => {
  const old = await on.operator.leader();
  const begun = Date.now();
  await on.kubectl('delete', 'pod', old, '-n', on.operator.namespace, '--wait=false');
  const next = await on.operator.leaderAfter(old);
  expect(next).not.toBe(old);
  const led = Date.now() - begun;
  await everyPackageIsIn(on.node, on.operator, next);
  console.log(`Failover: another pod led after ${led} ms, with every package after ${Date.now() - begun} ms.`);
  await twoOthers([old]);
});

test('helm upgrade rolls changed values and a changed CRD out, helm rollback takes both back, and nothing is lost', async () => {
  const chart = join(tempFolder(), 'patchgen');
  await cp(CHART, chart, { recursive: true });
  const path = join(chart, 'files', 'crds', 'patchgen.dev_patchintents.yaml');
  const crd = load(await readFile(path, 'utf8')) as { spec: { names: { shortNames: string[] } } };
  crd.spec.names.shortNames.push('pintent');
  await writeFile(path, dump(crd));
  const first = names(await on.operator.pods());
  await on.operator.upgrade({ workers: 4, debug: true }, { chart });
  await twoOthers(first);
  const second = await on.operator.pods();
  expect(second.flatMap(args).filter((arg) => arg.startsWith('--workers='))).toEqual(['--workers=4', '--workers=4']);
  expect(await on.kubectl(...CRD)).toContain('pintent');
  await everyPackageIsIn(on.node, on.operator, await on.operator.leaderAfter(''));

  await on.operator.helm('rollback', on.operator.name, '1', '--wait');
  await twoOthers(names(second));
  expect(await on.kubectl(...CRD)).not.toContain('pintent');
  await everyPackageIsIn(on.node, on.operator, await on.operator.leaderAfter(''));
  const query = 'jsonpath={range .items[?(@.status.package)]}{.metadata.name} {end}';
  const published = await on.kubectl('get', 'pi', '-n', 'shop', '-o', query);
  expect(published.trim().split(' ').sort()).toEqual(PUBLISHED);
});

test('the pods stay far below their limits', async () => {
  for (const { metadata } of await on.operator.pods()) {
    const bytes = on.node.podMemory(metadata.uid);
    console.log(`${metadata.name} uses ${Math.round(bytes / 1e6)} MB.`);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(200 * 2 ** 20);
  }
});

test('the API server refused no request of the service account', () => {
  expectNoRefusals(on.node, on.operator);
});

test('helm uninstall takes the operator away, and leaves the CRD and the intents', async () => {
  await on.operator.uninstall();
  expect(await on.operator.helm('list', '--short')).toBe('');
  // The Lease is nobody's: the operator makes it.
  const chartMade = 'deployments,replicasets,pods,services,serviceaccounts,roles,rolebindings,poddisruptionbudgets';
  expect(await on.kubectl('get', chartMade, '-n', on.operator.namespace, '-o', 'name')).not.toContain('patchgen');
  expect((await on.kubectl('get', 'pi', '-n', 'shop', '-o', 'name')).trim().split('\n')).toHaveLength(7);
});
