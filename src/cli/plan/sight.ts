import { GROUP, VERSION } from '../../api/types.ts';
import type { CompiledPolicy } from '../../policy/compile.ts';
import type { Claim } from '../../policy/contests.ts';
import type { Labels, Unknown, Usage } from '../../policy/input.ts';
import type { Approval } from '../../reconcile/permit/approvals.ts';
import { compileStored } from '../../reconcile/permit/compile-stored.ts';
import { countedIn } from '../../reconcile/permit/counted.ts';
import { projectApproval } from '../../reconcile/permit/project-approval.ts';
import {
  autoscalerText,
  projectHpa,
  projectScaledObject,
  type StoredAutoscaler,
} from '../../reconcile/permit/project-autoscaler.ts';
import { projectNamespace } from '../../reconcile/permit/project-namespace.ts';
import { projectPolicy, type StoredPolicy } from '../../reconcile/permit/stored-policy.ts';
import { targetKey } from '../../reconcile/permit/target-key.ts';
import type { Target } from '../../reconcile/permit/world.ts';
import { type ClusterReader, isSeen, mapSeen, type Seen } from './reader.ts';
import { readRival } from './rival.ts';
import type { Wanted } from './wanted.ts';
import { wellFormed } from './well-formed.ts';

const OURS = `/apis/${GROUP}/${VERSION}`;

/** What the caller can see of the cluster beside an intent and its target. */
export interface Sight {
  readonly policies: Seen<readonly CompiledPolicy[]>;
  readonly usage: ReadonlyMap<string, Usage>;
  /** The labels of the namespaces of the intent and of its target. */
  readonly namespaces: ReadonlyMap<string, Labels | Unknown>;
  readonly autoscaler: Seen<string | undefined>;
  readonly approvals: Seen<readonly Approval[]>;
  readonly rival: Seen<Claim | undefined>;
}

/** Looks once. Rejects where the server does not answer. */
export async function seeAround(reader: ClusterReader, wanted: Wanted): Promise<Sight> {
  const { subject, target, policies: enforced, livePlans, now } = wanted;
  const { namespace, name } = subject.intent.metadata;
  const [policies, own, other, autoscaler, approvals] = await Promise.all([
    enforced ? readPolicies(reader) : { value: [] },
    readLabels(reader, namespace),
    readLabels(reader, target.namespace),
    livePlans ? readAutoscaler(reader, target) : { value: undefined },
    readApprovals(reader, namespace, name),
  ]);
  const stored = isSeen(policies) ? policies.value.map((policy) => ({ policy, compiled: compileStored(policy) })) : [];
  return {
    policies: mapSeen(policies, () => stored.map(({ compiled }) => compiled)),
    usage: new Map(
      stored.map(({ policy, compiled }) => [
        policy.metadata.name,
        countedIn(policy, undefined, compiled.spec.storm, now),
      ]),
    ),
    namespaces: new Map([
      [namespace, own],
      [target.namespace, other],
    ]),
    autoscaler,
    approvals,
    rival: await readRival(reader, wanted, other),
  };
}

async function readPolicies(reader: ClusterReader): Promise<Seen<readonly StoredPolicy[]>> {
  return mapSeen(await reader.list(`${OURS}/patchpolicies`), (items) =>
    items.flatMap((item) => wellFormed(projectPolicy, item)),
  );
}

async function readLabels(reader: ClusterReader, namespace: string): Promise<Labels | Unknown> {
  const seen = await reader.get(`/api/v1/namespaces/${encodeURIComponent(namespace)}`);
  if (!isSeen(seen) || seen.value === undefined) return 'unknown';
  return projectNamespace(seen.value).labels;
}

async function readApprovals(
  reader: ClusterReader,
  namespace: string,
  intent: string,
): Promise<Seen<readonly Approval[]>> {
  const path = `${OURS}/namespaces/${namespace}/patchapprovals`;
  const seen = await reader.list(path, `spec.intent=${intent}`);
  return mapSeen(seen, (items) =>
    items.flatMap((item) => wellFormed(projectApproval, item)).filter((it) => !it.withdrawn),
  );
}

/** As the operator names it: what people wrote before what was made from it, and of several always the same. */
async function readAutoscaler(reader: ClusterReader, target: Target): Promise<Seen<string | undefined>> {
  const key = targetKey(target);
  const [hpas, scaledObjects] = await Promise.all([
    reader.list(`/apis/autoscaling/v2/namespaces/${target.namespace}/horizontalpodautoscalers`),
    reader.list(`/apis/keda.sh/v1alpha1/namespaces/${target.namespace}/scaledobjects`),
  ]);
  const nameIn = (seen: Seen<readonly unknown[]>, project: (raw: unknown) => StoredAutoscaler): string | undefined => {
    const all = isSeen(seen) ? seen.value.flatMap((item) => wellFormed(project, item)) : [];
    const [first] = all
      .filter((one) => one.target === key)
      .map(autoscalerText)
      .toSorted();
    return first;
  };
  const found = nameIn(scaledObjects, projectScaledObject) ?? nameIn(hpas, projectHpa);
  if (found !== undefined) return { value: found };
  return isSeen(hpas) ? mapSeen(scaledObjects, () => undefined) : hpas;
}
