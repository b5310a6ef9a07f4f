import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { binary } from '../../tools/setup/binaries.mjs';
import { runTool, type ToolResult } from './tool.ts';

export type Helm = 'helm' | 'helm4';

/** Both that the chart is made for: 3.22 and 4.3. */
export const HELMS: readonly Helm[] = ['helm', 'helm4'];

export const CHART = join(import.meta.dirname, '../../charts/patchgen');

/** `helm template` asks no cluster; this is the version that it is told. */
export const KUBE_VERSION = 'v1.36.2';

/** A rendered object. What is below is asked for with `at`. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface RenderOptions {
  readonly values?: object;
  readonly release?: string;
  readonly namespace?: string;
  readonly helm?: Helm;
  /** Folder or archive of a chart. */
  readonly chart?: string;
  /** More arguments of `helm template`. */
  readonly args?: readonly string[];
}

/** The objects of the chart, hooks included, in the order that Helm prints them. Throws with Helm's message where it refuses. */
export async function renderChart(options: RenderOptions = {}): Promise<readonly KubernetesObject[]> {
  const { code, stdout, stderr } = await helmTemplate(options);
  if (code !== 0) throw new Error(stderr.trim());
  return (loadAll(stdout) as (KubernetesObject | null)[]).filter((object) => object !== null && object !== undefined);
}

/** Why Helm refuses these values: its message. Throws where it does not refuse. */
export async function refusal(options: RenderOptions): Promise<string> {
  const { code, stderr } = await helmTemplate(options);
  if (code === 0) throw new Error(`helm renders ${JSON.stringify(options.values)}`);
  return stderr.trim();
}

export function helmTemplate({
  values = {},
  release = 'patchgen',
  namespace = 'patchgen-system',
  helm = 'helm',
  chart = CHART,
  args = [],
}: RenderOptions): Promise<ToolResult> {
  const command = ['template', release, chart, '--namespace', namespace, '--kube-version', KUBE_VERSION, ...args];
  return runHelm([...command, '--values', '-'], { helm, input: JSON.stringify(values) });
}

export interface HelmOptions {
  readonly helm?: Helm;
  readonly kubeconfig?: string;
  readonly input?: string;
}

/** Runs Helm to its end, whatever its exit code, with a home of its own: no plugins, repositories or settings of the user. */
export async function runHelm(args: readonly string[], options: HelmOptions = {}): Promise<ToolResult> {
  const { helm = 'helm', kubeconfig, input = '' } = options;
  const home = mkdtempSync(join(realpathSync(tmpdir()), 'patchgen-helm-'));
  try {
    const empty = join(home, 'no-cluster.yaml');
    writeFileSync(empty, 'apiVersion: v1\nkind: Config\n');
    return await runTool(await binary(helm), args, {
      input,
      env: {
        KUBECONFIG: kubeconfig ?? empty,
        HELM_CACHE_HOME: join(home, 'cache'),
        HELM_CONFIG_HOME: join(home, 'config'),
        HELM_DATA_HOME: join(home, 'data'),
      },
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The one object of a kind (and name, where there are several). Throws where there is not exactly one. */
export function only(objects: readonly KubernetesObject[], kind: string, name?: string): KubernetesObject {
  const found = objects.filter((it) => it.kind === kind && (name === undefined || it.metadata.name === name));
  const [object] = found;
  if (object === undefined || found.length > 1) {
    const all = objects.map((it) => `${it.kind}/${it.metadata.name}`).join(', ');
    throw new Error(`${found.length} objects are ${kind}${name === undefined ? '' : `/${name}`} of: ${all}`);
  }
  return object;
}

/** What stands at a path, such as `spec.template.spec.containers.0.args`; undefined where there is nothing. */
export function at(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}
