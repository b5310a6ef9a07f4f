import { APPROVAL_REASONS } from './reasons/approval.ts';
import { DONE_REASONS } from './reasons/done.ts';
import { PERMIT_REASONS } from './reasons/permit.ts';
import { PLAN_REASONS } from './reasons/plan.ts';
import { RUN_REASONS } from './reasons/run.ts';
import { SPEC_REASONS } from './reasons/spec.ts';
import { STORAGE_REASONS } from './reasons/storage.ts';

export type { ReasonEntry, Step } from './reasons/entry.ts';

/**
 * Every reason that a condition, an Event or a metric label can carry. One word means the same in all of them,
 * and is the heading of its paragraph in docs/reasons.md.
 */
export const REASONS = Object.freeze({
  ...DONE_REASONS,
  ...SPEC_REASONS,
  ...PLAN_REASONS,
  ...PERMIT_REASONS,
  ...APPROVAL_REASONS,
  ...STORAGE_REASONS,
  ...RUN_REASONS,
});

export type Reason = keyof typeof REASONS;
