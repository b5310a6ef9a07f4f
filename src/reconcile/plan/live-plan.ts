import type { PlanBase, PlanField } from '../../api/schema/status.ts';

/** A plan held against the live target: what `status.plan` tells beside the digests. */
export interface LivePlan {
  readonly action: 'Change' | 'NoChange' | 'Unknown';
  readonly base?: PlanBase;
  readonly fields: readonly PlanField[];
  /** In the form of `diff -u`, at most 4096 characters; absent where nothing would change or the live value is not known. */
  readonly diff?: string;
  /** `replicas 3 → 5`, `replicas 5 (no change)`, `replicas → 5`. */
  readonly summary: string;
  /** Those of the plan, and those of how the target was read. */
  readonly warnings: readonly string[];
}
