import type { Condition, PatchIntentStatus } from '../../api/types.ts';

/** Whether two statuses say the same. Transition times do not count: a write that changes only a time is no news. */
export function sameStatus(a: PatchIntentStatus, b: PatchIntentStatus): boolean {
  return canonical(a) === canonical(b);
}

function canonical(status: PatchIntentStatus): string {
  return JSON.stringify([
    status.observedGeneration,
    status.lastHandledReconcileAt,
    status.change,
    status.plan === undefined
      ? null
      : [status.plan.changeDigest, status.plan.packageDigest, status.plan.warnings ?? []],
    status.package === undefined ? null : packageParts(status.package),
    [...(status.conditions ?? [])].sort(byType).map(conditionParts),
  ]);
}

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
