import type { ConditionState } from '../../api/conditions.ts';
import { REASONS, type Reason } from '../../api/reasons.ts';
import type { Outcome, Verdict } from '../outcome.ts';
import type { Delivered, Reached } from '../path.ts';

/** What a run makes of one condition: a state, `gone` where it does not apply, `kept` where the run can't tell. */
export type Aspect = Pick<ConditionState, 'status' | 'reason' | 'message'> | 'gone' | 'kept';

type Until = Reached | Delivered | undefined;

/** Whether the spec has to change first. */
export const isRejected = (outcome: Outcome): boolean =>
  outcome.kind === 'failed' && outcome.failure.class === 'Rejected';

/** Whether there is a plan for the spec as it is. */
export function plannedOf(outcome: Outcome, verdict: Verdict, reached: Until): Aspect {
  const failed = outcome.kind === 'failed' && REASONS[outcome.failure.reason].step === 'plan';
  if (failed) return { status: 'False', reason: verdict.reason, message: verdict.message };
  if (reached === undefined || !('considered' in reached)) return isRejected(outcome) ? 'gone' : 'kept';
  const { live, base } = reached.considered;
  const { kind, namespace, name } = reached.plan.change.target;
  const against = base.state === 'found' ? `against ${kind} ${namespace}/${name}` : 'without the live target';
  return { status: 'True', reason: 'PlanMade', message: `${live.summary}, planned ${against}` };
}

/** Whether the people that policies name have agreed. An agreement that let the package through is kept with it. */
export function approvedOf(outcome: Outcome, reached: Until): Aspect {
  if (reached === undefined || !('considered' in reached)) return outcome.kind === 'suspended' ? 'gone' : 'kept';
  if (reached.considered.published) return 'kept';
  if (outcome.kind === 'dry-run') return 'gone';
  const { approval } = reached;
  if (approval === undefined) return 'gone';
  return { status: approval.given ? 'True' : 'False', reason: approval.reason, message: approval.message };
}

/** There only while True, and then in the words of Ready (kstatus): somebody else wants the same field. */
export function conflictedOf(outcome: Outcome, verdict: Verdict): Aspect {
  if (outcome.kind !== 'failed' || !CONFLICTS.has(outcome.failure.reason)) return 'gone';
  return { status: 'True', reason: verdict.reason, message: verdict.message };
}

const CONFLICTS: ReadonlySet<string> = new Set<Reason>(['ConflictingIntent', 'ManagedByAutoscaler']);
