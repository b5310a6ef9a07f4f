import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ResolvedSpec } from '../../../src/api/resolve.ts';
import { binaries } from '../../../tools/setup/binaries.mjs';
import { packageOf, writeFiles, writePackage } from '../../support/package-folder.ts';
import { writeRoot } from '../../support/root.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { runTool } from '../../support/tool.ts';

let tools: Record<'kustomize' | 'kubectl', string>;
beforeAll(async () => {
  tools = await binaries(['kustomize', 'kubectl']);
});

const build = (folder: string) => runTool(tools.kustomize, ['build', folder]);

/** A workload with what a careless merge would lose or reformat. */
function workload(
  kind: string,
  name: string,
  namespace: string | undefined,
  replicas: number,
  apiVersion = apiVersionOf(kind),
): string {
  return `apiVersion: ${apiVersion}
kind: ${kind}
metadata:
  name: ${JSON.stringify(name)}
${namespace === undefined ? '' : `  namespace: ${JSON.stringify(namespace)}\n`}  labels: {app: web, "numeric": "010"}
  annotations:
    note: "line one\\nline two"
spec:
  replicas: ${replicas}
  revisionHistoryLimit: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: main, image: "registry.example/web:1.0", env: [{name: REPLICAS, value: "3"}]}
        - {name: side, image: "registry.example/side:2", args: [--replicas, "3"]}
`;
}

const NEIGHBOURS = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data: {replicas: "3"}
`;

interface Overlay {
  /** Documents of the base. */
  readonly base: string;
  readonly spec?: Partial<ResolvedSpec>;
}

/** A base, and an overlay that names the package of `spec` as its component. */
function overlay({ base, spec = {} }: Overlay): { readonly dir: string; readonly component: string } {
  const dir = tempFolder();
  const pkg = packageOf(spec);
  writePackage(join(dir, 'overlay'), pkg);
  writeFiles(dir, {
    'base/all.yaml': base,
    'base/kustomization.yaml': 'resources: [all.yaml]\n',
    'overlay/kustomization.yaml': `resources: [../base]\ncomponents: [${JSON.stringify(pkg.name)}]\n`,
  });
  return { dir, component: pkg.name };
}

function withReplicas(documents: readonly unknown[], kind: string, name: string, replicas: number): readonly unknown[] {
  const copy = structuredClone(documents) as { kind: string; metadata: { name: string }; spec: { replicas: number } }[];
  const targets = copy.filter((one) => one.kind === kind && one.metadata.name === name);
  expect(targets).toHaveLength(1);
  for (const target of targets) target.spec.replicas = replicas;
  return copy;
}

const KINDS = ['Deployment', 'StatefulSet', 'ReplicaSet', 'Rollout'];
/** kustomize knows no schema of the last one, as of any custom kind. */
const apiVersionOf = (kind: string): string => (kind === 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1');

describe('kustomize build with the package as a component', () => {
  test.each(KINDS)(
    'gives the %s the new number, and changes nothing else of it or its neighbours',
    async (targetKind) => {
      const others = KINDS.filter((kind) => kind !== targetKind).map((kind) => workload(kind, 'web', 'shop', 3));
      const twins = [
        workload(targetKind, 'web-2', 'shop', 3),
        workload(targetKind, 'web', 'elsewhere', 3),
        workload(targetKind, 'web', 'shop', 3, 'example.dev/v1'),
      ];
      const base = [workload(targetKind, 'web', 'shop', 3), NEIGHBOURS, ...others, ...twins].join('---\n');
      const { dir } = overlay({
        base,
        spec: { targetKind, targetApiVersion: apiVersionOf(targetKind) },
      });
      const [before, after] = [await build(join(dir, 'base')), await build(join(dir, 'overlay'))];
      expect(after).toMatchObject({ code: 0, stderr: '' });
      const [old, now] = [before.stdout.split('\n'), after.stdout.split('\n')];
      const changed = now.flatMap((line, i) => (line === old[i] ? [] : [`${old[i]} → ${line}`]));
      expect(now).toHaveLength(old.length);
      expect(changed).toEqual(['  replicas: 3 →   replicas: 5']);
      const target = loadAll(after.stdout).filter((one) => JSON.stringify(one).includes('"replicas":5'));
      expect(target).toMatchObject([{ kind: targetKind, metadata: { name: 'web', namespace: 'shop' } }]);
    },
  );

  test('sets zero, and a number where the base has none', async () => {
    const without = workload('Deployment', 'web', 'shop', 3).replace('  replicas: 3\n', '');
    for (const base of [workload('Deployment', 'web', 'shop', 3), without]) {
      const { dir } = overlay({ base, spec: { replicas: 0 } });
      const { stdout, code } = await build(join(dir, 'overlay'));
      expect(code).toBe(0);
      const expected = withReplicas(loadAll((await build(join(dir, 'base'))).stdout), 'Deployment', 'web', 0);
      expect(loadAll(stdout)).toEqual(expected);
    }
  });

  test.each(['on', '010', '1e3', 'null', '2001-01-01', '0x1f'])(
    'finds a target called %s in a namespace called no',
    async (target) => {
      const { dir } = overlay({ base: workload('Deployment', target, 'no', 3), spec: { target, namespace: 'no' } });
      const { stdout, stderr } = await build(join(dir, 'overlay'));
      expect(stderr).toBe('');
      expect(loadAll(stdout)).toMatchObject([{ metadata: { name: target, namespace: 'no' }, spec: { replicas: 5 } }]);
    },
  );

  test('says the same through kubectl', async () => {
    const { dir } = overlay({ base: workload('Deployment', 'web', 'shop', 3) });
    const { stdout } = await build(join(dir, 'overlay'));
    expect(await runTool(tools.kubectl, ['kustomize', join(dir, 'overlay')])).toMatchObject({ code: 0, stdout });
  });

  test("works straight from the operator's root, through its stable name", async () => {
    const dir = tempFolder();
    writeRoot(join(dir, 'packages'), { 'shop/web-5': packageOf() });
    writeFiles(dir, {
      'app/all.yaml': workload('Deployment', 'web', 'shop', 3),
      'app/kustomization.yaml': 'resources: [all.yaml]\ncomponents: [../packages/shop/web-5]\n',
    });
    const { stdout, stderr } = await build(join(dir, 'app'));
    expect(stderr).toBe('');
    expect(loadAll(stdout)).toMatchObject([{ spec: { replicas: 5 } }]);
  });

  test.each([
    ['no such object', workload('Deployment', 'other', 'shop', 3)],
    ['the name in another namespace', workload('Deployment', 'web', 'elsewhere', 3)],
    ['the name of another kind', workload('StatefulSet', 'web', 'shop', 3)],
  ])('fails when the target is missing: %s', async (_, base) => {
    const { dir } = overlay({ base });
    const { code, stdout, stderr } = await build(join(dir, 'overlay'));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('failed to find unique target for patch Deployment.v1.apps/web.shop');
  });
});

describe('a base without a namespace', () => {
  const base = workload('Deployment', 'web', undefined, 3);

  test('known limit: the overlay that sets the namespace can not name the component itself', async () => {
    const { dir, component } = overlay({ base });
    writeFiles(dir, {
      'overlay/kustomization.yaml': `namespace: shop\nresources: [../base]\ncomponents: [${component}]\n`,
    });
    const { code, stderr } = await build(join(dir, 'overlay'));
    expect(code).toBe(1);
    expect(stderr).toContain('failed to find unique target for patch');
  });

  test('works when the component is named one level above', async () => {
    const { dir, component } = overlay({ base });
    writeFiles(dir, {
      'overlay/kustomization.yaml': 'namespace: shop\nresources: [../base]\n',
      'top/kustomization.yaml': `resources: [../overlay]\ncomponents: [../overlay/${component}]\n`,
    });
    const { stdout, stderr } = await build(join(dir, 'top'));
    expect(stderr).toBe('');
    const before = loadAll((await build(join(dir, 'overlay'))).stdout);
    expect(loadAll(stdout)).toEqual(withReplicas(before, 'Deployment', 'web', 5));
  });
});

describe('why the package is as it is', () => {
  test('local-config in the patch would make kustomize drop the whole target', async () => {
    const { dir, component } = overlay({ base: workload('Deployment', 'web', 'shop', 3) });
    const annotated = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations: {config.kubernetes.io/local-config: "true"}
spec:
  replicas: 5
`;
    writeFiles(dir, { [`overlay/${component}/scaling-patch.yaml`]: annotated });
    const { code, stdout } = await build(join(dir, 'overlay'));
    expect({ code, documents: loadAll(stdout) }).toEqual({ code: 0, documents: [] });
  });
});
