import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import { binary } from '../../../tools/setup/binaries.mjs';
import { configFiles, isHook, withoutHelm } from '../../support/chart-config.ts';
import { helmTemplate, type KubernetesObject, renderChart } from '../../support/helm.ts';
import { runTool } from '../../support/tool.ts';

// config/ is the chart for people without Helm. UPDATE_CONFIG=1 writes it again.

const ROOT = join(import.meta.dirname, '../../..');

const nameOf = ({ kind, metadata }: KubernetesObject): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

const byName = (objects: readonly KubernetesObject[]): Readonly<Record<string, KubernetesObject>> =>
  Object.fromEntries(objects.map((object) => [nameOf(object), object]));

test('the files of config/ are the templates of the chart, comments included', async () => {
  const { stdout } = await helmTemplate({});
  const files = configFiles(stdout);
  expect(Object.keys(files)).toHaveLength(6);
  for (const [path, text] of Object.entries(files)) {
    const file = join(ROOT, path);
    if (process.env.UPDATE_CONFIG === '1') {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    expect(readFileSync(file, 'utf8'), path).toBe(text);
  }
});

test('config/default builds what the chart installs, and its namespace', async () => {
  const { code, stdout, stderr } = await runTool(await binary('kubectl'), ['kustomize', join(ROOT, 'config/default')]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const built = loadAll(stdout) as KubernetesObject[];
  const rendered = (await renderChart()).filter((object) => !isHook(object)).map(withoutHelm);
  const namespace = built.find(({ kind }) => kind === 'Namespace');
  expect(namespace?.metadata.labels).toEqual({ 'pod-security.kubernetes.io/enforce': 'restricted' });
  expect(byName(built.filter((object) => object !== namespace))).toEqual(byName(rendered));
});
