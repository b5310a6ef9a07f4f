import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GuardPair } from '../../src/api/guards/guard.ts';
import { GUARDS } from '../../src/api/guards/index.ts';
import { requesterGuard, TARGET_KINDS, type TargetKind } from '../../src/api/guards/requester.ts';
import type { PatchIntent } from '../../src/api/types.ts';
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from '../../tools/control-plane/control-plane.ts';
import { installCrds } from '../../tools/control-plane/crds.ts';
import {
  type OperatorProcess,
  type OperatorProcessOptions,
  startOperatorProcess,
} from '../../tools/operator-process.ts';
import { type AuditRecord, inWords, isForbidden, isWrite, readAudit } from './audit.ts';
import { eventually } from './eventually.ts';
import { installGuards } from './guards.ts';
import type { OperatorAccount, ServiceAccount } from './operator-account.ts';
import { accountsOf } from './operator-accounts.ts';
import { type StatusWatch, watchStatuses } from './status-watch.ts';

export type { AuditRecord } from './audit.ts';
export { eventually } from './eventually.ts';

export interface WorldOptions extends ControlPlaneOptions {
  /** Without this word, `stop` rejects when an operator was refused anything for want of a right. */
  readonly rights?: 'taken-away';
  /** `later`: the test brings the CRDs, with a release of the chart. */
  readonly crds?: 'later';
  /** The admission policies are in force, as the chart installs them. Without this, no approval counts. */
  readonly guards?: boolean;
  /** That value of the chart. Default: its default. */
  readonly targets?: readonly TargetKind[];
}

/** Operators of a world are never administrators: each has the service account that the chart gives it. */
export interface WorldOperatorOptions extends Partial<Omit<OperatorProcessOptions, 'kubeconfig'>> {
  /** Where it finds the API server, for a proxy. Default: the server itself. */
  readonly server?: string;
  /** The account of a release that the test made itself. */
  readonly account?: ServiceAccount;
}

export interface OperatorWorld {
  readonly plane: ControlPlane;
  /** The volume of the first operator; packages are in its `packages/`. */
  readonly outputDir: string;
  readonly packages: string;
  /** Lints every status version that the server shows, from the beginning on. */
  readonly statuses: StatusWatch;
  /** Starts an operator that is stopped at the end, and waits until it is ready. */
  start(options?: WorldOperatorOptions): Promise<OperatorProcess>;
  /** The same without waiting: for operators that cannot become ready. */
  launch(options?: WorldOperatorOptions): Promise<OperatorProcess>;
  /** The service account of an operator with these flags: one for each Lease and list of namespaces. */
  account(flags?: readonly string[]): Promise<OperatorAccount>;
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
  /** The same with reads. */
  requests(from?: number): { readonly records: readonly AuditRecord[]; readonly end: number };
  /** Rejects, after all has ended, when an operator was refused for want of a right or was anybody but its account. */
  stop(): Promise<void>;
}

const BASE = '/apis/patchgen.dev/v1alpha1/namespaces';

/** A real control plane with our CRDs, and operators as processes. One per test file. */
export async function operatorWorld(options: WorldOptions = {}): Promise<OperatorWorld> {
  const plane = await startControlPlane({ auditLog: true, ...options });
  const accounts = accountsOf(plane, options.targets);
  const usernames = new Set<string>();
  const folders: string[] = [];
  const operators: OperatorProcess[] = [];
  const volume = (): string => {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), 'patchgen-volume-'));
    folders.push(folder);
    return folder;
  };
  if (options.crds !== 'later') await installCrds(plane, 'crds');
  if (options.guards === true) await installGuards(plane, guardsOver(options.targets));
  const outputDir = volume();
  const statuses = await watchStatuses(plane);
  const world: OperatorWorld = {
    plane,
    outputDir,
    packages: join(outputDir, 'packages'),
    statuses,
    volume,
    async launch(given = {}) {
      const { server, account = await accounts.of(given.flags), ...process } = given;
      usernames.add(account.username);
      const operator = await startOperatorProcess({ kubeconfig: account.kubeconfig(server), outputDir, ...process });
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
    account: (flags) => accounts.of(flags),
    audit(from) {
      const { records, end } = world.requests(from);
      return { records: records.filter(isWrite), end };
    },
    requests(from) {
      const { records, end } = readAudit(plane.auditLogPath ?? '', from);
      return { records: records.filter(({ userAgent }) => userAgent?.startsWith('patchgen/')), end };
    },
    async stop() {
      for (const operator of operators) await operator.stop();
      await statuses.stop();
      const { records } = world.requests();
      await plane.stop();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
      const wrong = faultsOf(records, plane, usernames, options.rights === 'taken-away');
      if (wrong.length > 0) throw new Error(`requests of operators that may not be:\n${wrong.join('\n')}`);
    },
  };
  return world;
}

const guardsOver = (targets: readonly TargetKind[] = TARGET_KINDS): readonly GuardPair[] => [
  GUARDS.approver,
  GUARDS['requested-by'],
  requesterGuard(targets),
];

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

/** What operators asked for as somebody else, and what they were refused for want of a right. */
function faultsOf(
  records: readonly AuditRecord[],
  { apiServerStarts }: ControlPlane,
  usernames: ReadonlySet<string>,
  rightsTakenAway: boolean,
): readonly string[] {
  const whileStarting = ({ requestReceivedTimestamp }: AuditRecord): boolean =>
    apiServerStarts.some(
      ({ from, to }) => from <= Date.parse(requestReceivedTimestamp) && Date.parse(requestReceivedTimestamp) <= to,
    );
  // Who is not authenticated has no name.
  const strangers = records.filter(
    ({ user, responseStatus }) => responseStatus?.code !== 401 && !usernames.has(user.username),
  );
  const refused = rightsTakenAway ? [] : records.filter((record) => isForbidden(record) && !whileStarting(record));
  return [...new Set([...strangers, ...refused].map((record) => `${record.user.username}: ${inWords(record)}`))];
}

function pathOf(key: string): string {
  const [namespace, name] = key.split('/');
  return `${BASE}/${namespace}/patchintents/${name}`;
}
