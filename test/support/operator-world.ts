import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PatchIntent } from '../../src/api/types.ts';
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from '../../tools/control-plane/control-plane.ts';
import {
  type OperatorProcess,
  type OperatorProcessOptions,
  startOperatorProcess,
} from '../../tools/operator-process.ts';
import { type StatusWatch, watchStatuses } from './status-watch.ts';

export interface AuditRecord {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code: number };
}

export interface OperatorWorld {
  readonly plane: ControlPlane;
  /** The volume of the first operator; packages are in its `packages/`. */
  readonly outputDir: string;
  readonly packages: string;
  /** Lints every status version that the server shows, from the beginning on. */
  readonly statuses: StatusWatch;
  /** Starts an operator that is stopped at the end, and waits until it is ready. */
  start(options?: Partial<OperatorProcessOptions>): Promise<OperatorProcess>;
  /** The same without waiting: for operators that cannot become ready. */
  launch(options?: Partial<OperatorProcessOptions>): Promise<OperatorProcess>;
  /** Another volume, removed at the end. */
  volume(): string;
  namespace(name: string): Promise<void>;
  /** Creates or replaces an intent by `kubectl apply` semantics (server-side), strict. */
  apply(key: string, spec: Readonly<Record<string, unknown>>): Promise<void>;
  remove(key: string): Promise<void>;
  get(key: string): Promise<PatchIntent | undefined>;
  list(namespace: string): Promise<readonly PatchIntent[]>;
  /** The object once `holds` is true of it; fails with its last form. */
  until(key: string, what: string, holds: (intent: PatchIntent) => boolean): Promise<PatchIntent>;
  /** Ready=True for the present generation. */
  ready(key: string): Promise<PatchIntent>;
  /** Writes that the API server recorded of operators since `from` (a count that an earlier call returned as `end`). */
  audit(from?: number): { readonly records: readonly AuditRecord[]; readonly end: number };
  stop(): Promise<void>;
}

const BASE = '/apis/patchgen.dev/v1alpha1/namespaces';

/** A real control plane with our CRD, and operators as processes. One per test file. */
export async function operatorWorld(options: ControlPlaneOptions = {}): Promise<OperatorWorld> {
  const plane = await startControlPlane({ auditLog: true, ...options });
  const folders: string[] = [];
  const operators: OperatorProcess[] = [];
  const volume = (): string => {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), 'patchgen-volume-'));
    folders.push(folder);
    return folder;
  };
  await plane.kubectl(['apply', '-f', 'crds']);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd/patchintents.patchgen.dev']);
  const outputDir = volume();
  const statuses = await watchStatuses(plane);
  const world: OperatorWorld = {
    plane,
    outputDir,
    packages: join(outputDir, 'packages'),
    statuses,
    volume,
    async launch(given = {}) {
      const operator = await startOperatorProcess({ kubeconfig: plane.kubeconfig, outputDir, ...given });
      operators.push(operator);
      return operator;
    },
    async start(given = {}) {
      const operator = await world.launch(given);
      await operator.untilReady();
      return operator;
    },
    async namespace(name) {
      await plane.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    },
    async apply(key, spec) {
      const [namespace, name] = key.split('/');
      const object = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchIntent', metadata: { name, namespace }, spec };
      const path = `${pathOf(key)}?fieldManager=test&force=true&fieldValidation=Strict`;
      const { status, body } = await plane.request('PATCH', path, object, 'application/apply-patch+yaml');
      if (status >= 300) throw new Error(`${key}: ${status} ${JSON.stringify(body)}`);
    },
    async remove(key) {
      await plane.request('DELETE', pathOf(key));
    },
    async get(key) {
      const { status, body } = await plane.request('GET', pathOf(key));
      return status === 200 ? (body as PatchIntent) : undefined;
    },
    async list(namespace) {
      const { body } = await plane.request('GET', `${BASE}/${namespace}/patchintents`);
      return (body as { items: PatchIntent[] }).items;
    },
    async until(key, what, holds) {
      let last: PatchIntent | undefined;
      await eventually(`${key} ${what}`, async () => (last = await world.get(key)) !== undefined && holds(last)).catch(
        (error: Error) => {
          throw new Error(`${error.message}\n${JSON.stringify(last, undefined, 1)}`);
        },
      );
      return last as unknown as PatchIntent;
    },
    ready: (key) => world.until(key, 'becomes Ready', isReady),
    audit(from = 0) {
      const lines = readFileSync(plane.auditLogPath ?? '', 'utf8')
        .split('\n')
        .filter(Boolean);
      const records = lines.slice(from).map((line) => JSON.parse(line) as AuditRecord);
      return { records: records.filter(({ userAgent }) => userAgent?.startsWith('patchgen/')), end: lines.length };
    },
    async stop() {
      for (const operator of operators) await operator.stop();
      await statuses.stop();
      await plane.stop();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** Ready=True, and of the generation that is there now. */
export function isReady({ metadata, status }: PatchIntent): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && ready.observedGeneration === metadata.generation;
}

/** `<condition status> <reason>` of Ready, of the present generation only. */
export function readyWords({ metadata, status }: PatchIntent): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined || ready.observedGeneration !== metadata.generation) return 'outdated';
  return `${ready.status} ${ready.reason}`;
}

/** Resolves once `holds`; the limit only ends what hangs. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 60_000,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function pathOf(key: string): string {
  const [namespace, name] = key.split('/');
  return `${BASE}/${namespace}/patchintents/${name}`;
}
