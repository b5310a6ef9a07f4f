import { type ConditionType, findCondition } from '../../api/conditions.ts';
import { REASONS, type Reason, type ReasonEntry, type Step } from '../../api/reasons.ts';
import type { PatchIntent } from '../../api/types.ts';

/** One word for where an intent is. Derived from the status, never stored in it. */
export type Stage =
  | 'New'
  | 'Outdated'
  | 'Deleting'
  | 'Suspended'
  | 'DryRun'
  | 'Published'
  | 'AwaitingApproval'
  | 'Conflicted'
  | 'Denied'
  | 'Rejected'
  | 'Retrying'
  | 'Waiting';

export interface PathStep {
  readonly step: (typeof STEPS)[number] | typeof REHEARSE;
  readonly state: 'done' | 'failed' | 'skipped' | 'ahead';
}

/** A step of operators with `--plan-dry-run` alone, so it is told only where it is what stopped the intent. */
const REHEARSE = 'rehearse' satisfies Step;
const STEPS = ['validate', 'plan', 'admit', 'render', 'publish', 'report'] as const satisfies readonly Step[];

/** Refusals and waits that have a word of their own: who looks at the list sees at once who has to act. */
const STAGE_OF: Readonly<Partial<Record<Reason, Stage>>> = {
  AwaitingApproval: 'AwaitingApproval',
  ApprovalStale: 'AwaitingApproval',
  ApprovalExpired: 'AwaitingApproval',
  ApprovalNotCounted: 'AwaitingApproval',
  ApprovalUnguarded: 'AwaitingApproval',
  ApprovalRejected: 'Denied',
  PolicyDenied: 'Denied',
  TargetNotAllowed: 'Denied',
  ManagedByAutoscaler: 'Conflicted',
  ConflictingIntent: 'Conflicted',
};

/** The row of the reason table, where the reason is one of ours. */
export const reasonOf = (reason: string | undefined): ReasonEntry | undefined =>
  reason !== undefined && Object.hasOwn(REASONS, reason) ? REASONS[reason as Reason] : undefined;

export function stageOf(intent: PatchIntent): Stage {
  const { metadata, status } = intent;
  if (metadata.deletionTimestamp !== undefined) return 'Deleting';
  const ready = findCondition(status?.conditions ?? [], 'Ready');
  const observed = status?.observedGeneration ?? -1;
  if (ready === undefined || observed < 0) return 'New';
  if (observed < metadata.generation) return 'Outdated';
  if (ready.reason === 'Suspended') return 'Suspended';
  if (ready.status === 'True') return ready.reason === 'DryRun' ? 'DryRun' : 'Published';
  const own = reasonOf(ready.reason) === undefined ? undefined : STAGE_OF[ready.reason as Reason];
  if (own !== undefined) return own;
  if (findCondition(status?.conditions ?? [], 'Stalled')?.status === 'True') return 'Rejected';
  return reasonOf(ready.reason)?.class === 'Transient' ? 'Retrying' : 'Waiting';
}

/** How far the current spec came on the path. */
export function pathOf(intent: PatchIntent): readonly PathStep[] {
  const stage = stageOf(intent);
  if (stage === 'Published') return STEPS.map((step) => ({ step, state: 'done' }));
  if (stage === 'DryRun') return STEPS.map((step) => ({ step, state: step === 'publish' ? 'skipped' : 'done' }));
  if (stage === 'Suspended') return STEPS.map((step) => ({ step, state: step === 'report' ? 'done' : 'skipped' }));
  if (stage === 'New' || stage === 'Outdated' || stage === 'Deleting')
    return STEPS.map((step) => ({ step, state: 'ahead' }));
  const failed = failedStep(intent);
  if (failed !== ADMIT || reasonOf(readyOf(intent)?.reason)?.step !== REHEARSE) return failedAt(failed, STEPS);
  return failedAt(
    failed + 1,
    STEPS.flatMap((step) => (step === 'admit' ? [step, REHEARSE] : [step])),
  );
}

function failedAt(failed: number, steps: readonly PathStep['step'][]): readonly PathStep[] {
  return steps.map((step, i) => ({ step, state: i < failed ? 'done' : i === failed ? 'failed' : 'ahead' }));
}

/** Index of the step that failed: the one that the reason names, and never behind one that the conditions do not call done. */
function failedStep(intent: PatchIntent): number {
  const own = reasonOf(readyOf(intent)?.reason)?.step;
  const named = STEPS.findIndex((step) => step === (own === REHEARSE ? 'admit' : own));
  // Each status has it, so without it nothing but the summary got through to a server with another schema.
  const told = findCondition(intent.status?.conditions ?? [], 'Packaged') !== undefined;
  if (!told && named >= 0) return named;
  const undone = firstUndone(intent);
  // Of letting through and rendering no condition tells; that it came further only a reason of a later step can say.
  if (named > ADMIT && named < REPORT && undone === ADMIT) return named;
  return named < 0 ? undone : Math.min(named, undone);
}

const ADMIT = STEPS.indexOf('admit');
const REPORT = STEPS.indexOf('report');

/** Index of the first step that the conditions of this very generation do not call done. A reason of the API server may come up at any. */
function firstUndone({ metadata: { generation }, status }: PatchIntent): number {
  const isDone = (type: ConditionType): boolean => {
    const condition = findCondition(status?.conditions ?? [], type);
    return condition?.status === 'True' && condition.observedGeneration === generation;
  };
  if (!isDone('Validated')) return STEPS.indexOf('validate');
  if (!isDone('Planned')) return STEPS.indexOf('plan');
  // Packaged speaks of the package that is there, and that may be of an older generation.
  return isDone('Packaged') && status?.package?.generation === generation ? REPORT : ADMIT;
}

const readyOf = (intent: PatchIntent) => findCondition(intent.status?.conditions ?? [], 'Ready');

/** What a person can do now. */
export function nextOf(intent: PatchIntent): string {
  const stage = stageOf(intent);
  if (stage === 'New')
    return 'Wait a moment. If it stays so, the operator may not run or not watch this namespace: patchgen doctor';
  if (stage === 'Outdated')
    return 'The spec changed and the operator has not handled it yet. If it stays so: patchgen doctor';
  if (stage === 'Deleting') return 'Nothing; the package goes with the intent.';
  const reason = findCondition(intent.status?.conditions ?? [], 'Ready')?.reason;
  const approved = findCondition(intent.status?.conditions ?? [], 'Approved');
  // Ready says that approval is awaited; Approved says why the decisions that are there don't do.
  const closest = stage === 'AwaitingApproval' && approved?.status === 'False' ? approved.reason : reason;
  return (reasonOf(closest) ?? reasonOf(reason))?.action ?? 'Read the message of Ready.';
}
