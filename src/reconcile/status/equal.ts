import type { Condition, PatchIntentStatus, PlanStatus } from '../../api/types.ts';

/**
 * Whether two statuses say the same. Transition times do not count, nor does the version of the live target: a write that
 * changes only those is no news. On an intent whose package stands, a plan digest alone is none either: nobody has to agree
 * to that plan, and every edit of a policy would else cost a write for each intent.
 */
export function sameStatus(a: PatchIntentStatus, b: PatchIntentStatus): boolean {
  const settled = isReady(a) && isReady(b);
  return canonical(a, settled) === canonical(b, settled);
}

function canonical(status: PatchIntentStatus, settled: boolean): string {
  const { plan, owner, policy } = status;
  return JSON.stringify([
    status.observedGeneration,
    status.lastHandledReconcileAt,
    status.change,
    plan === undefined ? null : planParts(plan, settled),
    owner === undefined ? null : [owner.tool, owner.kind, owner.name, owner.namespace, owner.advice],
    policy === undefined
      ? null
      : [policy.decision, policy.considered.map((one) => [one.policy, one.result, one.rule, one.message])],
    status.package === undefined ? null : packageParts(status.package),
    [...(status.conditions ?? [])].sort(byType).map(conditionParts),
  ]);
}

const isReady = ({ conditions }: PatchIntentStatus): boolean =>
  conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

const planParts = (plan: PlanStatus, settled: boolean): unknown[] => [
  plan.changeDigest,
  plan.packageDigest,
  settled ? plan.planDigest !== undefined : plan.planDigest,
  plan.action,
  plan.base?.uid,
  (plan.fields ?? []).map(({ path, from, to }) => [path, from, to]),
  plan.diff,
  plan.warnings ?? [],
];

const packageParts = (pkg: NonNullable<PatchIntentStatus['package']>): unknown[] => [
  pkg.name,
  pkg.digest,
  pkg.path,
  pkg.root,
  pkg.generation,
  pkg.fileCount,
  pkg.sizeBytes,
];

const conditionParts = (c: Condition): unknown[] => [c.type, c.status, c.reason, c.message, c.observedGeneration];

const byType = (a: Condition, b: Condition): number => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0);
