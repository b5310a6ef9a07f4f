import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crds } from '../../src/api/crds.ts';
import { GUARDS } from '../../src/api/guards/index.ts';
import { type ControlPlane, startControlPlane } from '../../tools/control-plane/control-plane.ts';
import { guardPath } from './guards.ts';
import { CHART, type Helm, type KubernetesObject, runHelm } from './helm.ts';
import { eventually } from './operator-world.ts';
import { runTool, type ToolResult } from './tool.ts';

export const CRD = 'patchintents.patchgen.dev';
const GUARD_PATHS = Object.values(GUARDS).flatMap(({ policy, binding }) => [policy, binding].map(guardPath));
const CRD_PATH = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${CRD}`;

const SINGLETON_PATHS = [...crds().map(({ metadata }) => CRD_PATH.replace(CRD, metadata.name)), ...GUARD_PATHS];

const INTENTS = '/apis/patchgen.dev/v1alpha1/patchintents';

/** A control plane with controllers and without nodes: Deployments make pods, which never run. */
export interface HelmCluster {
  readonly plane: ControlPlane;
  /** Runs Helm on it; values are a file on standard input. Throws with Helm's message, and resolves with what it prints. */
  helm(helm: Helm, args: readonly string[], values?: object): Promise<string>;
  /** The same for what must fail: resolves with the message. */
  refused(helm: Helm, args: readonly string[], values?: object): Promise<string>;
  /** The CRD in the cluster; undefined where there is none. */
  crd(): Promise<LiveCrd | undefined>;
  /** The admission policies and bindings of ours that are there, as `Kind/name`. */
  guards(): Promise<readonly string[]>;
  /** Removes what a cluster has once: our CRDs, and with them every intent, and our admission policies. */
  removeSingletons(): Promise<void>;
  /** A new namespace that enforces Pod Security "restricted". */
  namespace(): Promise<string>;
  /** Creates the intent `web`, as soon as the CRD is served. */
  createIntent(namespace: string): Promise<void>;
  /** Every intent, as `namespace/name`. */
  intents(): Promise<readonly string[]>;
  podsIn(namespace: string): Promise<number>;
  /** Runs a command as somebody pastes it, with kubectl on the path. Throws where it fails. */
  shell(command: string): Promise<void>;
  /** Our chart as an older version had it: the CRD without its last column. Removed at the end. */
  readonly olderChart: string;
  stop(): Promise<void>;
}

export interface LiveCrd {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly versions: readonly { readonly additionalPrinterColumns: readonly { name: string }[] }[] };
}

export async function helmCluster(): Promise<HelmCluster> {
  const plane = await startControlPlane({ controllerManager: true });
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'patchgen-chart-'));
  const run = (helm: Helm, args: readonly string[], values: object = {}): Promise<ToolResult> => {
    const takesValues = args[0] === 'install' || args[0] === 'upgrade';
    const more = takesValues ? ['--values', '-'] : [];
    return runHelm([...args, ...more], { helm, kubeconfig: plane.kubeconfig, input: JSON.stringify(values) });
  };
  const crd = async (): Promise<LiveCrd | undefined> => {
    const { status, body } = await plane.request('GET', CRD_PATH);
    return status === 200 ? (body as LiveCrd) : undefined;
  };
  return {
    plane,
    crd,
    olderChart: olderChart(folder),
    async helm(helm, args, values) {
      const { code, stdout, stderr } = await run(helm, args, values);
      if (code !== 0) throw new Error(`${helm} ${args.join(' ')}: ${stderr}`);
      return stdout;
    },
    async refused(helm, args, values) {
      const { code, stderr } = await run(helm, args, values);
      if (code === 0) throw new Error(`${helm} ${args.join(' ')} works`);
      return stderr;
    },
    guards: () => presentOf(plane, GUARD_PATHS),
    async removeSingletons() {
      for (let asked = Number.NEGATIVE_INFINITY; (await presentOf(plane, SINGLETON_PATHS)).length > 0; await pause()) {
        if (performance.now() - asked < ASK_AGAIN_MS) continue;
        asked = performance.now();
        await Promise.all(SINGLETON_PATHS.map((path) => remove(plane, path)));
      }
    },
    async namespace() {
      const name = `ns-${randomUUID().slice(0, 8)}`;
      const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
      await plane.request('POST', '/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, labels },
      });
      return name;
    },
    async createIntent(namespace) {
      const spec = { intentType: 'scaling', target: 'web', replicas: 5 };
      const object = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchIntent', metadata: { name: 'web' }, spec };
      const path = `${INTENTS.replace('patchintents', `namespaces/${namespace}/patchintents`)}?fieldValidation=Strict`;
      // Served a moment after it is there; 429 while its storage is made.
      await eventually('the CRD is served', async () => (await plane.request('POST', path, object)).status === 201);
    },
    async intents() {
      let items: readonly KubernetesObject[] = [];
      // 429 for a moment after the CRD changed.
      await eventually('the intents are listed', async () => {
        const { status, body } = await plane.request('GET', INTENTS);
        if (status === 200) ({ items } = body as { items: readonly KubernetesObject[] });
        return status === 200;
      });
      return items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    },
    async podsIn(namespace) {
      const { body } = await plane.request('GET', `/api/v1/namespaces/${namespace}/pods`);
      return (body as { items: readonly unknown[] }).items.length;
    },
    async shell(command) {
      const PATH = `${dirname(plane.binaries.kubectl)}:${process.env.PATH ?? ''}`;
      const { code, stderr } = await runTool('sh', ['-c', command], { env: { KUBECONFIG: plane.kubeconfig, PATH } });
      if (code !== 0) throw new Error(`${command}: ${stderr}`);
    },
    async stop() {
      rmSync(folder, { recursive: true, force: true });
      await plane.stop();
    },
  };
}

/** Those of the objects that are there, as `Kind/name`. */
const ASK_AGAIN_MS = 3_000;
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

/**
 * Deletes an object, or gives one that is on its way out another version: the server empties a kind that was changed a moment
 * ago only after a pause that grows with each try, unless something happens to it.
 */
async function remove(plane: ControlPlane, path: string): Promise<void> {
  const { status } = await plane.request('DELETE', path);
  if (status === 404) return;
  const metadata = { annotations: { 'test/asked-again': String(performance.now()) } };
  await plane.request('PATCH', path, { metadata }, 'application/merge-patch+json');
}

async function presentOf(plane: ControlPlane, paths: readonly string[]): Promise<readonly string[]> {
  const answers = await Promise.all(paths.map((path) => plane.request('GET', path)));
  return answers.flatMap(({ status, body }) => {
    const { kind, metadata } = body as KubernetesObject;
    return status === 200 ? [`${kind}/${metadata.name}`] : [];
  });
}

function olderChart(folder: string): string {
  const chart = join(folder, 'patchgen');
  cpSync(CHART, chart, { recursive: true });
  const file = join(chart, 'files/crds/patchgen.dev_patchintents.yaml');
  const text = readFileSync(file, 'utf8');
  const older = text.replace(/ {8}- name: Correlation\n(?: {10}.*\n)+/, '');
  if (older === text) throw new Error('the CRD has no column Correlation');
  writeFileSync(file, older);
  return chart;
}

/** The names of the columns that kubectl shows. */
export const columns = (crd: LiveCrd | undefined): readonly string[] =>
  crd?.spec.versions.flatMap(({ additionalPrinterColumns }) => additionalPrinterColumns.map(({ name }) => name)) ?? [];
