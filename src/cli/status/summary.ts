import { findCondition } from '../../api/conditions.ts';
import type { Condition, PackageStatus, PatchIntent, PatchIntentStatus, PlanStatus } from '../../api/types.ts';
import { ownerText } from '../../policy/owner.ts';
import { isRecord } from './read.ts';
import { nextOf, type PathStep, pathOf, type Stage, stageOf } from './stage.ts';

/** Everything that `patchgen status` says of an intent, as data: what `-o json` prints. */
export interface Summary {
  readonly namespace: string;
  readonly name: string;
  readonly created: string | undefined;
  readonly stage: Stage;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly target: string;
  readonly change: string | undefined;
  readonly asked: {
    readonly by: string | undefined;
    readonly requestedBy: string | undefined;
    readonly reason: string | undefined;
    readonly correlationId: string | undefined;
  };
  readonly path: readonly PathStep[];
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly next: string;
  /** Who else has the field: an autoscaler, or another intent. */
  readonly conflict: string | undefined;
  /** What keeps the target as it is declared elsewhere, with advice. */
  readonly owner: string | undefined;
  readonly policy: PatchIntentStatus['policy'];
  readonly approval: Pick<Condition, 'status' | 'reason' | 'message'> | undefined;
  readonly plan: PlanStatus | undefined;
  readonly warnings: readonly string[];
  readonly package: PackageStatus | undefined;
  readonly conditions: readonly Condition[];
}

export function summaryOf(intent: PatchIntent): Summary {
  const { metadata, status } = intent;
  // What the server stored is valid only as far as its CRD was: read each member for what it is.
  const spec: Readonly<Record<string, unknown>> = isRecord(intent.spec) ? intent.spec : {};
  const text = (name: string): string | undefined => {
    const value = spec[name];
    return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
  };
  const conditions = status?.conditions ?? [];
  const ready = findCondition(conditions, 'Ready');
  const conflicted = findCondition(conditions, 'Conflicted');
  const approved = findCondition(conditions, 'Approved');
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    created: metadata.creationTimestamp,
    stage: stageOf(intent),
    generation: metadata.generation,
    observedGeneration: status?.observedGeneration ?? -1,
    target: `${text('targetKind') ?? 'Deployment'} ${text('target') ?? '?'} in ${text('namespace') ?? metadata.namespace}`,
    change: status?.change,
    asked: {
      by: text('source'),
      requestedBy: text('requestedBy'),
      reason: text('reason'),
      correlationId: text('correlationId'),
    },
    path: pathOf(intent),
    reason: ready?.reason,
    message: ready?.message,
    next: nextOf(intent),
    conflict: conflicted?.status === 'True' ? `${conflicted.reason}: ${conflicted.message}` : undefined,
    owner: ownerWords(status?.owner),
    policy: status?.policy,
    approval: approved === undefined ? undefined : partsOf(approved),
    plan: status?.plan,
    warnings: status?.plan?.warnings ?? [],
    package: status?.package,
    conditions,
  };
}

const partsOf = ({ status, reason, message }: Condition) => ({ status, reason, message });

function ownerWords(owner: PatchIntentStatus['owner']): string | undefined {
  return owner === undefined ? undefined : `${ownerText(owner)}: ${owner.advice}`;
}
