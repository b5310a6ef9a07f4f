import { type ConditionState, removeCondition, setCondition } from '../../api/conditions.ts';
import { REASONS } from '../../api/reasons.ts';
import type { Condition, PackageStatus, PatchIntent, PatchIntentStatus, PlanStatus } from '../../api/types.ts';
import { judge, type Outcome, type Verdict } from '../outcome.ts';
import type { Accepted, Delivered, Planned, Rendered } from '../path.ts';
import { requestedAt } from '../project.ts';

export interface ReportContext {
  /** Identity of the package root that this operator writes to. */
  readonly rootId: string;
  readonly now: Date;
}

/**
 * The status that an outcome asks for, on top of the status that is there: condition types of others are carried as they are,
 * and the last good package stays until another one replaces it.
 */
export function desiredStatus(intent: PatchIntent, outcome: Outcome, context: ReportContext): PatchIntentStatus {
  const verdict = calm(intent, judge(outcome));
  const before = intent.status ?? {};
  const claimed = outcome.kind === 'published' ? packageOf(outcome.delivered, context.rootId) : before.package;
  const reached = reachedBy(outcome);
  const handled = requestedAt(intent.metadata);
  return {
    observedGeneration: intent.metadata.generation,
    ...(handled === undefined ? kept('lastHandledReconcileAt', before) : { lastHandledReconcileAt: handled }),
    ...(reached !== undefined && 'plan' in reached ? { change: reached.plan.summary } : kept('change', before)),
    ...(reached !== undefined && 'package' in reached ? { plan: planOf(reached) } : kept('plan', before)),
    ...(claimed === undefined ? {} : { package: claimed }),
    conditions: conditionsOf(intent, outcome, verdict, claimed, context),
  };
}

function conditionsOf(
  intent: PatchIntent,
  outcome: Outcome,
  verdict: Verdict,
  claimed: PackageStatus | undefined,
  { rootId, now }: ReportContext,
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

/**
 * A failure that is being tried again keeps its first message while reason and generation stay: numbers in it (bytes free, an
 * attempt's address) would otherwise cost one write per try.
 */
function calm(intent: PatchIntent, verdict: Verdict): Verdict {
  if (!verdict.reconciling) return verdict;
  const before = intent.status?.conditions?.find((condition) => condition.type === 'Ready');
  const same =
    before !== undefined &&
    before.status === verdict.ready &&
    before.reason === verdict.reason &&
    before.observedGeneration === intent.metadata.generation;
  return same ? { ...verdict, message: before.message } : verdict;
}

/** The furthest step that this run reached, as far as the status tells of it. */
function reachedBy(outcome: Outcome): Accepted | Planned | Rendered | Delivered | undefined {
  switch (outcome.kind) {
    case 'published':
      return outcome.delivered;
    case 'dry-run':
      return outcome.rendered;
    case 'failed':
      return outcome.reached;
    case 'suspended':
      return undefined;
  }
}

function planOf(rendered: Rendered | Delivered): PlanStatus {
  const { plan, package: pkg } = rendered;
  const warnings = plan.warnings.length === 0 ? {} : { warnings: [...plan.warnings] };
  return { changeDigest: pkg.changeDigest, packageDigest: pkg.digest, ...warnings };
}

function packageOf(delivered: Delivered, rootId: string): PackageStatus {
  const { package: pkg, intent } = delivered;
  return {
    name: pkg.name,
    digest: pkg.digest,
    path: `${intent.metadata.namespace}/${intent.metadata.name}`,
    root: rootId,
    generation: intent.metadata.generation,
    fileCount: pkg.files.length,
    sizeBytes: pkg.sizeBytes,
  };
}

function kept<K extends keyof PatchIntentStatus>(
  name: K,
  status: PatchIntentStatus,
): Partial<Pick<PatchIntentStatus, K>> {
  const value = status[name];
  return value === undefined ? {} : ({ [name]: value } as Partial<Pick<PatchIntentStatus, K>>);
}
