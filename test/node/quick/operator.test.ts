import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { CHART } from '../../support/helm.ts';
import { expectNoRefusals } from '../../support/node/audit.ts';
import { exportedPackage } from '../../support/node/exported.ts';
import { args, isReady, type Release, release, restarts } from '../../support/node/release.ts';
import { restrictedNamespace } from '../../support/node/restricted-namespace.ts';
import { type SharedNode, sharedNode } from '../../support/node/shared-node.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { runTool } from '../../support/tool.ts';

// One installation, from `helm install` to `helm uninstall`, as a user sees it. Each test goes on where the one before ended.

const PUBLISHED = ['web', 'orders-db', 'night-batch-off', 'sale-rush', 'legacy-cart'];
const CRD = 'patchintents.patchgen.dev';

let shared: SharedNode;
let operator: Release;
beforeAll(async () => {
  shared = await sharedNode();
  operator = release(shared.node);
  await restrictedNamespace(shared.node, operator.namespace);
});
afterAll(async () => {
  if (shared === undefined) return;
  await kubectl('delete', 'namespace', 'shop', operator.namespace, '--ignore-not-found');
});

const kubectl = async (...words: string[]): Promise<string> => (await shared.node.kubectl(words)).stdout;

/** Packages in the leader's volume are whole, and there is one for each intent. */
async function everyPackageIsThere(pod: string): Promise<void> {
  await eventually('every package is on the disk of the leader', async () => {
    const found = await shared.node.kubectl(
      ['exec', '-n', operator.namespace, pod, '--', 'patchgen', 'verify', '/var/lib/patchgen'],
      { allowFailure: true },
    );
    return found.code === 0 && PUBLISHED.every((name) => found.stdout.includes(`✓ shop/${name} `));
  });
}

test('helm install brings two pods that are ready by their probes, in a namespace that enforces "restricted"', async () => {
  const notes = await operator.install();
  expect(notes).toContain('STATUS: deployed');
  const pods = await operator.pods();
  expect(pods).toHaveLength(2);
  expect(pods.every(isReady)).toBe(true);
  expect(pods.map(restarts)).toEqual([0, 0]);
  expect(pods.flatMap(({ spec }) => spec.containers.map(({ image }) => image))).toEqual([
    shared.image.ref,
    shared.image.ref,
  ]);
});

test('the samples become Ready, and a package comes out through kubectl exec with the digest of its status', async () => {
  await kubectl('apply', '-f', 'config/samples');
  await kubectl('wait', '-n', 'shop', '--for=condition=Ready', ...PUBLISHED.map((it) => `pi/${it}`), '--timeout=60s');
  const leader = await operator.leader();
  const web = await exportedPackage(await operator.exec(leader, 'patchgen', 'export', 'shop/web'));
  const digest = await kubectl('get', 'pi', 'web', '-n', 'shop', '-o', 'jsonpath={.status.package.digest}');
  expect(digest).toContain(web.digest);
  expect(load(web.files['scaling-patch.yaml'] ?? '')).toMatchObject({
    metadata: { name: 'web' },
    spec: { replicas: 5 },
  });
  await everyPackageIsThere(leader);
  const status = [join(CHART, '../../bin/patchgen.mjs'), 'status', 'web', '-n', 'shop'];
  const seen = await runTool(process.execPath, status, { env: { KUBECONFIG: shared.node.kubeconfig } });
  expect(seen.stdout).toContain('shop/web  Published');
});

test('metrics come through the Service, from the node and from another pod', async () => {
  const url = `http://${await kubectl('get', 'service', operator.name, '-n', operator.namespace, '-o', 'jsonpath={.spec.clusterIP}')}:8080/metrics`;
  const fetched = `const answer = await fetch(${JSON.stringify(url)}); console.log(answer.status, await answer.text())`;
  const { stdout } = await shared.node.inNetwork([process.execPath, '--input-type=module', '-e', fetched]);
  expect(stdout).toMatch(/^200 /);
  expect(stdout).toMatch(/^patchgen_build_info\{/m);
  expect(await operator.helm('test', operator.name)).toMatch(/Phase:\s+Succeeded/);
});

test('when the pod that leads is deleted, another leads, with every package on its disk', async () => {
  const old = await operator.leader();
  const begun = Date.now();
  await kubectl('delete', 'pod', old, '-n', operator.namespace, '--wait=false');
  const next = await operator.leaderAfter(old);
  const led = Date.now() - begun;
  await everyPackageIsThere(next);
  console.log(
    `Failover: another pod led after ${led} ms, every package was on its disk after ${Date.now() - begun} ms.`,
  );
  await eventually('two pods are ready again', async () => {
    const pods = await operator.pods();
    return pods.length === 2 && pods.every(isReady);
  });
});

test('helm upgrade rolls changed values and a changed CRD out, and nothing is lost', async () => {
  const chart = join(tempFolder(), 'patchgen');
  await cp(CHART, chart, { recursive: true });
  const path = join(chart, 'files', 'crds', 'patchgen.dev_patchintents.yaml');
  const crd = load(await readFile(path, 'utf8')) as { spec: { names: { shortNames: string[] } } };
  crd.spec.names.shortNames.push('pintent');
  await writeFile(path, dump(crd));
  const before = (await operator.pods()).map(({ metadata }) => metadata.name);
  await operator.upgrade({ workers: 4, debug: true }, chart);
  await eventually('only new pods are there', async () => {
    const names = (await operator.pods()).map(({ metadata }) => metadata.name);
    return names.length === 2 && names.every((name) => !before.includes(name));
  });
  for (const pod of await operator.pods()) expect(args(pod)).toContain('--workers=4');
  expect(await kubectl('get', 'crd', CRD, '-o', 'jsonpath={.spec.names.shortNames}')).toContain('pintent');
  await everyPackageIsThere(await operator.leaderAfter(''));
  const ready = await kubectl(
    'get',
    'pi',
    '-n',
    'shop',
    '-o',
    'jsonpath={range .items[?(@.status.package)]}{.metadata.name} {end}',
  );
  expect(ready.trim().split(' ').sort()).toEqual([...PUBLISHED].sort());
});

test('the pods stay far below their limits', async () => {
  for (const { metadata } of await operator.pods()) {
    const bytes = shared.node.podMemory(metadata.uid);
    console.log(`${metadata.name} uses ${Math.round(bytes / 1e6)} MB.`);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(200 * 2 ** 20);
  }
});

test('the API server refused no request of the service account', () => {
  expectNoRefusals(shared.node, operator);
});

test('helm uninstall takes the operator away, and leaves the CRD and the intents', async () => {
  await operator.uninstall();
  expect(await operator.helm('list', '--short')).toBe('');
  // The Lease is nobody's: the operator makes it.
  const chartMade = 'deployments,replicasets,pods,services,serviceaccounts,roles,rolebindings,poddisruptionbudgets';
  expect(await kubectl('get', chartMade, '-n', operator.namespace, '-o', 'name')).not.toContain('patchgen');
  expect((await kubectl('get', 'pi', '-n', 'shop', '-o', 'name')).trim().split('\n')).toHaveLength(7);
});
