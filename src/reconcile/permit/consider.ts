import type { ResolvedSpec } from '../../api/resolve.ts';
import type { ObjectMeta } from '../../api/types.ts';
import type { Plan } from '../../kpt/change.ts';
import { changeDigest } from '../../kpt/digest.ts';
import type { CompiledPolicy } from '../../policy/compile.ts';
import type { Claim } from '../../policy/contests.ts';
import { evaluate } from '../../policy/evaluate.ts';
import type { Labels, PolicyInput, Unknown, Usage } from '../../policy/input.ts';
import { type Owner, ownerText } from '../../policy/owner.ts';
import type { Verdict } from '../../policy/verdict.ts';
import type { Base } from '../plan/base.ts';
import { holdAgainst } from '../plan/hold-against.ts';
import type { LivePlan } from '../plan/live-plan.ts';
import { planDigestOf } from '../plan/plan-digest.ts';
import type { Target } from './world.ts';

/** What is planned, and for which intent. */
export interface Subject {
  readonly metadata: Pick<ObjectMeta, 'namespace' | 'uid' | 'generation'>;
  readonly spec: ResolvedSpec;
  readonly plan: Plan;
}

/** All that is known of the cluster when a plan is looked at. */
export interface Circumstances {
  readonly base: Base;
  /** What sets the field by itself: `HorizontalPodAutoscaler web`. */
  readonly autoscaler?: string;
  /** The claim of another intent that has the field. */
  readonly rival?: Claim;
  /** What could not be found out beside the target, as warnings for the reviewer. */
  readonly unknown?: readonly string[];
  readonly namespaceLabels: Labels | Unknown;
  readonly targetNamespaceLabels: Labels | Unknown;
  readonly policies: readonly CompiledPolicy[];
  readonly usage: ReadonlyMap<string, Usage>;
  /** The package of this very generation is on disk: it was let through before. */
  readonly published: boolean;
  readonly now: Date;
}

/** A plan that was looked at from all sides, and not decided on yet. */
export interface Consideration {
  readonly live: LivePlan;
  readonly changeDigest: string;
  readonly planDigest: string;
  readonly owner?: Owner;
  readonly autoscaler?: string;
  readonly rival?: Claim;
  readonly base: Base;
  /** What could not be found out beside the target. */
  readonly unknown: readonly string[];
  readonly input: PolicyInput;
  readonly verdict: Verdict;
  /** Those of the policies that apply, by name. */
  readonly applying: readonly CompiledPolicy[];
  readonly published: boolean;
}

/** Holds a plan against the live target and the policies. Pure; the command line and the operator see the same. */
export function consider(subject: Subject, circumstances: Circumstances): Consideration {
  const { base, policies, autoscaler, rival, published } = circumstances;
  const held = holdAgainst(subject.plan, base);
  const { unknown = [] } = circumstances;
  const live = { ...held, warnings: [...held.warnings, ...unknown] };
  const owner = base.state === 'found' ? base.owner : undefined;
  const input = inputOf(subject, circumstances, owner);
  const verdict = evaluate(input, policies);
  const digest = changeDigest(subject.plan.change);
  const names = new Set(verdict.inputs.policies.map(({ name }) => name));
  return {
    live,
    changeDigest: digest,
    planDigest: planDigestOf({ changeDigest: digest, asked: subject.spec, base, inputs: verdict.inputs }),
    ...(owner === undefined ? {} : { owner }),
    ...(autoscaler === undefined ? {} : { autoscaler }),
    ...(rival === undefined ? {} : { rival }),
    base,
    unknown,
    input,
    verdict,
    applying: policies.filter(({ name }) => names.has(name)),
    published,
  };
}

/** What a spec wants to change. */
export function targetOf({ targetApiVersion, targetKind, namespace, target }: ResolvedSpec): Target {
  return { apiVersion: targetApiVersion, kind: targetKind, namespace, name: target };
}

/** What could not be found out of others who own the field. Where there is no target nobody owns it. */
function blindness({ base, unknown = [] }: Circumstances): Pick<PolicyInput, 'blind'> {
  const unseen = base.state === 'not-asked' || base.state === 'unreadable';
  const blind: PolicyInput['blind'] = [
    ...(unknown.length > 0 || base.state === 'not-asked' ? (['autoscaler'] as const) : []),
    ...(unseen || (base.state === 'found' && base.labels === 'unknown') ? (['gitOps'] as const) : []),
  ];
  return blind.length === 0 ? {} : { blind };
}

function inputOf({ metadata, spec }: Subject, known: Circumstances, owner: Owner | undefined): PolicyInput {
  const { reason, source, correlationId } = spec;
  const { base, autoscaler } = known;
  const found = base.state === 'found' ? base : undefined;
  const same = spec.namespace === metadata.namespace;
  return {
    intent: {
      namespace: metadata.namespace,
      namespaceLabels: known.namespaceLabels,
      type: spec.intentType,
      id: `${metadata.uid}/${metadata.generation}`,
      ...(reason === undefined ? {} : { reason }),
      ...(source === undefined ? {} : { source }),
      ...(correlationId === undefined ? {} : { correlationId }),
    },
    target: {
      ...targetOf(spec),
      namespaceLabels: same ? known.namespaceLabels : known.targetNamespaceLabels,
      labels: found?.labels ?? 'unknown',
    },
    replicas: { from: found?.replicas ?? 'unknown', to: spec.replicas },
    ...(autoscaler === undefined ? {} : { autoscaler }),
    ...(owner === undefined ? {} : { owner: ownerText(owner) }),
    ...blindness(known),
    published: known.published,
    usage: known.usage,
    now: known.now,
  };
}
