import type { PatchPolicySpec } from '../../src/api/schema/patchpolicy.ts';
import type { PatchIntent } from '../../src/api/types.ts';
import type { OperatorProcess } from '../../tools/operator-process.ts';
import { type AuditRecord, isWrite } from './audit.ts';
import { eventually, type OperatorWorld, readyWords } from './operator-world.ts';

// What surrounds intents in the tests of conflicts and policies.

export const POLICIES = '/apis/patchgen.dev/v1alpha1/patchpolicies';
const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

/** An administrator asks; throws for any refusal. */
export async function must(
  { plane }: OperatorWorld,
  method: string,
  path: string,
  body?: unknown,
  type?: string,
): Promise<unknown> {
  const answer = await plane.request(method, path, body, type);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Whatever happens within a test is told by a watch: the first step of a resync is a quarter of an hour away. */
export const NO_RESYNC: readonly string[] = ['--resync-interval', '24h'];

/** Creates the policy, or makes it say this. */
export async function makePolicy(world: OperatorWorld, name: string, spec: PatchPolicySpec): Promise<void> {
  const object = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchPolicy', metadata: { name }, spec };
  await must(world, 'PATCH', `${POLICIES}/${name}?fieldManager=test&force=true&fieldValidation=Strict`, object, APPLY);
}

export const removePolicy = (world: OperatorWorld, name: string): Promise<unknown> =>
  must(world, 'DELETE', `${POLICIES}/${name}`);

/** The Ready condition of a policy once it holds for the newest generation and has this reason. */
export async function policyReady(world: OperatorWorld, name: string, reason = 'PolicyReady'): Promise<string> {
  let message = '';
  await eventually(`policy ${name} says ${reason}`, async () => {
    const { body } = await world.plane.request('GET', `${POLICIES}/${name}`);
    const { metadata, status } = body as Pick<PatchIntent, 'metadata' | 'status'>;
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    message = ready?.message ?? '';
    return ready?.reason === reason && ready.observedGeneration === metadata.generation;
  });
  return message;
}

/** `only` intents of this namespace, or into it. */
export const inNamespace = (...names: string[]): NonNullable<PatchPolicySpec['match']> => ({ namespaces: { names } });

export interface DeploymentOptions {
  readonly replicas?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly fieldManager?: string;
}

const deployments = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}/deployments`;

/** A Deployment that nothing runs, with 3 replicas. */
export async function makeDeployment(
  world: OperatorWorld,
  namespace: string,
  name: string,
  { replicas = 3, labels = {}, annotations = {}, fieldManager = 'test' }: DeploymentOptions = {},
): Promise<void> {
  const app = { app: name };
  await must(world, 'POST', `${deployments(namespace)}?fieldManager=${fieldManager}`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels, annotations },
    spec: {
      replicas,
      selector: { matchLabels: app },
      template: { metadata: { labels: app }, spec: { containers: [{ name: 'main', image: 'example.com/web:1' }] } },
    },
  });
}

/** Somebody else scales it. */
export const scaleDeployment = (
  world: OperatorWorld,
  namespace: string,
  name: string,
  replicas: number,
): Promise<unknown> => must(world, 'PATCH', `${deployments(namespace)}/${name}`, { spec: { replicas } }, MERGE);

export const hpasIn = (namespace: string): string =>
  `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;

/** An autoscaler for a target of this kind, which may be missing. */
export async function makeHpa(
  world: OperatorWorld,
  namespace: string,
  name: string,
  target: string,
  kind = 'Deployment',
): Promise<void> {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind, name: target };
  await must(world, 'POST', hpasIn(namespace), { metadata: { name }, spec: { scaleTargetRef, maxReplicas: 9 } });
}

/** Labels of a namespace; null takes one away. */
export const labelNamespace = (
  world: OperatorWorld,
  name: string,
  labels: Readonly<Record<string, string | null>>,
): Promise<unknown> => must(world, 'PATCH', `/api/v1/namespaces/${name}`, { metadata: { labels } }, MERGE);

/** Asks for a look without changing anything; resolves once it has happened. */
export async function look(world: OperatorWorld, key: string): Promise<PatchIntent> {
  const [namespace, name] = key.split('/');
  const requestedAt = `${Date.now()}-${Math.random()}`;
  const path = `/apis/patchgen.dev/v1alpha1/namespaces/${namespace}/patchintents/${name}`;
  const body = { metadata: { annotations: { 'patchgen.dev/requestedAt': requestedAt } } };
  await must(world, 'PATCH', path, body, MERGE);
  return world.until(key, 'was looked at', ({ status }) => status?.lastHandledReconcileAt === requestedAt);
}

export const conditionOf = ({ status }: PatchIntent, type: string) =>
  status?.conditions?.find((condition) => condition.type === type);

export const messageOf = (intent: PatchIntent): string => conditionOf(intent, 'Ready')?.message ?? '';

/** The intent once Ready says `<status> <reason>` of the present generation, and these words. */
export const told = (
  world: OperatorWorld,
  key: string,
  words: string,
  ...messages: readonly string[]
): Promise<PatchIntent> =>
  world.until(
    key,
    `says ${words}: ${messages.join(', ')}`,
    (it) => readyWords(it) === words && messages.every((message) => messageOf(it).includes(message)),
  );

/** All that Ready has said of an intent, once the watch that hears of it has seen what it says now. */
export async function said(world: OperatorWorld, key: string): Promise<readonly string[]> {
  await eventually(`the watch has seen ${key}`, async () => {
    const { status, reason } = conditionOf((await world.get(key)) as PatchIntent, 'Ready') ?? {};
    return world.statuses.words(key).at(-1) === `${status} ${reason}`;
  });
  return world.statuses.words(key);
}

/** The next second of creation timestamps. */
export async function nextSecond(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_010 - (Date.now() % 1_000)));
}

/** Resolves after so many more runs over intents, whatever became of them. */
export async function afterRuns(operator: OperatorProcess, count: number): Promise<void> {
  const runs = async (): Promise<number> => {
    const text = await (await fetch(operator.metricsUrl)).text();
    const lines = text.split('\n').filter((line) => line.startsWith('controller_runtime_reconcile_total{'));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };
  const before = await runs();
  await eventually(`${count} more runs`, async () => (await runs()) >= before + count, 120_000);
}

/** Writes of operators but those that they make in rest: of their Leases. */
export const writesIn = (records: readonly AuditRecord[]): readonly AuditRecord[] =>
  records.filter((record) => isWrite(record) && record.objectRef?.resource !== 'leases');
