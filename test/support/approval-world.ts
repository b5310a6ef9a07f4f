import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PatchPolicySpec } from '../../src/api/schema/patchpolicy.ts';
import type { PatchIntent } from '../../src/api/types.ts';
import type { OperatorProcess } from '../../tools/operator-process.ts';
import { installGuards } from './guards.ts';
import { type OperatorWorld, operatorWorld } from './operator-world.ts';
import { grant, type Person, personOf } from './person.ts';

const BASE = '/apis/patchgen.dev/v1alpha1';
const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';
/** Approvals from before the guard was surely in force everywhere do not count, and times are whole seconds. */
const GUARD_COUNTS_MS = 6_000;

/** One intent, `web`, of a namespace of its own, whose target is a Deployment of the same name with 3 replicas. */
export interface ApprovalScene {
  readonly namespace: string;
  readonly key: string;
  /** The author writes the intent in their own name; `spec` adds to it or replaces. */
  intend(spec?: object): Promise<void>;
  /** The digest of the plan that the status has, once it is of the spec as it is. */
  digest(): Promise<string>;
  /** Somebody decides on a plan, by default on the one of the status; resolves to the name of the object. */
  decide(by: Person, given?: Decision): Promise<string>;
  /** Takes a decision away, as an administrator. */
  takeBack(name: string): Promise<void>;
  /** Changes the live target, as an administrator. */
  change(body: object): Promise<void>;
  /** Asks for a look without changing anything. */
  nudge(): Promise<void>;
  /** The intent once Approved has this reason and its message these words. */
  until(reason: string, words?: string): Promise<PatchIntent>;
  /** Whether a package is on disk. */
  isPublished(): boolean;
}

export interface Decision {
  readonly decision?: 'Approve' | 'Reject';
  readonly planDigest?: string;
}

export interface ApprovalWorld {
  readonly world: OperatorWorld;
  /** Writes the intents. May approve, too, as far as rights go. */
  readonly ada: Person;
  readonly jane: Person;
  readonly bob: Person;
  scene(namespace: string): Promise<ApprovalScene>;
  policy(name: string, spec: PatchPolicySpec): Promise<void>;
  /** Ends the operator and starts another on the same volume; `between` happens while there is none. */
  restart(between?: () => Promise<unknown>, signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  stop(): Promise<void>;
}

/** An operator with the rights of the chart, the admission policies, and three people with certificates of their own. */
export async function approvalWorld(): Promise<ApprovalWorld> {
  const world = await operatorWorld();
  const { plane } = world;
  await installGuards(plane);
  const trusted = sleep(GUARD_COUNTS_MS);
  const [ada, jane, bob] = await Promise.all([personOf(plane, 'ada'), personOf(plane, 'jane'), personOf(plane, 'bob')]);
  const state: { operator: OperatorProcess } = { operator: await world.start() };
  await trusted;
  return {
    world,
    ada,
    jane,
    bob,
    scene: (namespace) => sceneOf(world, namespace, { ada, others: [jane, bob] }),
    async policy(name, spec) {
      const path = `${BASE}/patchpolicies/${name}?fieldManager=test&force=true`;
      await must(world, 'PATCH', path, { ...head('PatchPolicy', name), spec }, APPLY);
    },
    async restart(between, signal = 'SIGTERM') {
      state.operator.signal(signal);
      await state.operator.exited;
      await between?.();
      state.operator = await world.start();
    },
    async stop() {
      await Promise.all([ada, jane, bob].map((person) => person.close()));
      await world.stop();
    },
  };
}

async function sceneOf(
  world: OperatorWorld,
  namespace: string,
  { ada, others }: { readonly ada: Person; readonly others: readonly Person[] },
): Promise<ApprovalScene> {
  await world.namespace(namespace);
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await must(world, 'POST', deployments, DEPLOYMENT);
  const decides = { apiGroups: ['patchgen.dev'], resources: ['patchapprovals'], verbs: ['create'] };
  const writes = { apiGroups: ['patchgen.dev'], resources: ['patchintents'], verbs: ['create', 'patch', 'delete'] };
  const scales = { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['patch'] };
  for (const { name } of others) await grant(world.plane, namespace, name, name, [decides]);
  await grant(world.plane, namespace, ada.name, ada.name, [decides, writes, scales]);
  const key = `${namespace}/web`;
  const intent = `${BASE}/namespaces/${namespace}/patchintents/web`;
  const approvals = `${BASE}/namespaces/${namespace}/patchapprovals`;
  let count = 0;
  const scene: ApprovalScene = {
    namespace,
    key,
    async intend(spec = {}) {
      const full = { intentType: 'scaling', target: 'web', replicas: 5, requestedBy: ada.name, ...spec };
      const path = `${intent}?fieldManager=ada&force=true`;
      const said = await ada.ask('PATCH', path, { ...head('PatchIntent', 'web'), spec: full }, APPLY);
      if (!['200', '201'].includes(said)) throw new Error(said);
    },
    async digest() {
      const { status } = await world.until(key, 'is planned', (it) => isCurrent(it) && planOf(it) !== undefined);
      return status?.plan?.planDigest ?? '';
    },
    async decide(by, given = {}) {
      const { decision = 'Approve', planDigest = await scene.digest() } = given;
      const name = `${by.name}-${++count}`;
      const spec = { intent: 'web', planDigest, decision, approver: by.name };
      const said = await by.ask('POST', approvals, { ...head('PatchApproval', name), spec });
      if (said !== '201') throw new Error(said);
      return name;
    },
    takeBack: (name) => must(world, 'DELETE', `${approvals}/${name}`),
    change: (body) => must(world, 'PATCH', `${deployments}/web`, body, MERGE),
    nudge: () =>
      must(world, 'PATCH', intent, { metadata: { annotations: { 'patchgen.dev/requestedAt': `${count++}` } } }, MERGE),
    until: (reason, words = '') =>
      world.until(key, `has Approved ${reason} with ${words}`, (it) => {
        const approved = conditionOf(it, 'Approved');
        return isCurrent(it) && approved?.reason === reason && approved.message.includes(words);
      }),
    isPublished: () => existsSync(join(world.packages, key, 'Kptfile')),
  };
  return scene;
}

export const conditionOf = ({ status }: PatchIntent, type: string) =>
  status?.conditions?.find((condition) => condition.type === type);

export const planOf = ({ status }: PatchIntent): string | undefined => status?.plan?.planDigest;

const isCurrent = ({ metadata, status }: PatchIntent): boolean => status?.observedGeneration === metadata.generation;

const head = (kind: string, name: string) => ({ apiVersion: 'patchgen.dev/v1alpha1', kind, metadata: { name } });

const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'example.com/web:1' }] },
    },
  },
};

async function must(world: OperatorWorld, method: string, path: string, body?: unknown, type?: string): Promise<void> {
  const answer = await world.plane.request(method, path, body, type);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}
