import type { PackageStatus, PatchIntent, PatchIntentStatus } from '../../api/types.ts';
import { judge, type Outcome, type Verdict } from '../outcome.ts';
import type { Delivered, Reached } from '../path.ts';
import { requestedAt } from '../project.ts';
import { isRejected } from './aspects.ts';
import { conditionsOf } from './conditions.ts';
import { ownerOf, planOf, policyOf } from './plan.ts';

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
    ...plannedParts(outcome, reached, before),
    ...(claimed === undefined ? {} : { package: claimed }),
    conditions: conditionsOf(intent, outcome, verdict, reached, claimed, context),
  };
}

/**
 * What the run found about its plan; what an earlier one found where this one did not come so far. A spec that is rejected
 * before it has a plan has none: what is known is of another spec.
 */
function plannedParts(
  outcome: Outcome,
  reached: Reached | Delivered | undefined,
  before: PatchIntentStatus,
): PatchIntentStatus {
  if (reached === undefined || !('considered' in reached)) {
    const known = isRejected(outcome) ? {} : before;
    const change =
      reached !== undefined && 'plan' in reached ? { change: reached.plan.summary } : kept('change', known);
    return { ...change, ...kept('plan', known), ...kept('owner', known), ...kept('policy', known) };
  }
  const owner = ownerOf(reached);
  const policy = policyOf(reached, outcome.kind === 'published');
  return {
    change: reached.considered.live.summary,
    plan: planOf(reached, before.plan),
    ...(owner === undefined ? {} : { owner }),
    ...(policy === undefined ? {} : { policy }),
  };
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
function reachedBy(outcome: Outcome): Reached | Delivered | undefined {
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
