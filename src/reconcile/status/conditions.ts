import { type ConditionState, type ConditionType, removeCondition, setCondition } from '../../api/conditions.ts';
import { REASONS } from '../../api/reasons.ts';
import type { Condition, PackageStatus, PatchIntent } from '../../api/types.ts';
import type { Outcome, Verdict } from '../outcome.ts';
import type { Delivered, Reached } from '../path.ts';
import { type Aspect, approvedOf, conflictedOf, plannedOf } from './aspects.ts';

/** Every condition that the outcome asks for; those of others stay as they are. */
export function conditionsOf(
  intent: PatchIntent,
  outcome: Outcome,
  verdict: Verdict,
  reached: Reached | Delivered | undefined,
  claimed: PackageStatus | undefined,
  { rootId, now }: { readonly rootId: string; readonly now: Date },
): Condition[] {
  const observedGeneration = intent.metadata.generation;
  const words = { reason: verdict.reason, message: verdict.message, observedGeneration };
  let list: readonly Condition[] = intent.status?.conditions ?? [];
  const set = (draft: ConditionState): void => {
    list = setCondition(list, draft, now);
  };
  set({ type: 'Ready', status: verdict.ready, ...words });
  if (verdict.reconciling) set({ type: 'Reconciling', status: 'True', ...words, reason: 'Progressing' });
  else list = removeCondition(list, 'Reconciling');
  if (verdict.stalled) set({ type: 'Stalled', status: 'True', ...words });
  else list = removeCondition(list, 'Stalled');
  const validated = validatedOf(outcome);
  if (validated !== undefined) {
    const valid = { reason: 'Valid', message: 'the spec is valid', observedGeneration } as const;
    set({ type: 'Validated', status: validated ? 'True' : 'False', ...(validated ? valid : words) });
  }
  const aspect = (type: ConditionType, state: Aspect): void => {
    if (state === 'gone') list = removeCondition(list, type);
    else if (state !== 'kept') set({ type, observedGeneration, ...state });
  };
  aspect('Planned', plannedOf(outcome, verdict, reached));
  aspect('Approved', approvedOf(outcome, reached));
  aspect('Conflicted', conflictedOf(outcome, verdict));
  set({ type: 'Packaged', ...packagedOf(outcome, words, claimed, rootId) });
  return [...list];
}

/** True: passed validation. False: failed there. Undefined: not looked at in this run. */
function validatedOf(outcome: Outcome): boolean | undefined {
  if (outcome.kind === 'suspended') return undefined;
  if (outcome.kind !== 'failed') return true;
  if (outcome.reached !== undefined) return true;
  return REASONS[outcome.failure.reason].step === 'validate' ? false : undefined;
}

/**
 * `Packaged` speaks of the package in `status.package`: True while that is on disk, of whatever generation it was made from.
 * One that was claimed under another root counts as absent.
 * A publication that failed makes it False, since nobody knows then what is on disk.
 */
function packagedOf(
  outcome: Outcome,
  words: Pick<ConditionState, 'reason' | 'message' | 'observedGeneration'>,
  claimed: PackageStatus | undefined,
  rootId: string,
): Omit<ConditionState, 'type'> {
  const publishFailed = outcome.kind === 'failed' && REASONS[outcome.failure.reason].step === 'publish';
  if (claimed === undefined || publishFailed) return { status: 'False', ...words };
  if (claimed.root !== rootId) {
    // What is suspended is not published anew after a failover to another volume: the status must not say that it stays.
    if (outcome.kind !== 'suspended') return { status: 'False', ...words };
    return {
      status: 'False',
      ...words,
      message: `package ${claimed.path} is on another volume, and comes here on resume`,
    };
  }
  const message = `package ${claimed.path} of generation ${claimed.generation} is on disk`;
  return { status: 'True', reason: 'PackageWritten', message, observedGeneration: words.observedGeneration };
}
