import { findCondition, removeCondition, sameCondition, setCondition } from '../../api/conditions.ts';
import type { Condition } from '../../api/types.ts';

/** What is wrong with a policy; empty where it can be used. */
export type Problems = readonly string[];

/** The conditions of a policy of this generation. Those of others are carried as they are; the same list where nothing is new. */
export function policyConditions(
  before: readonly Condition[],
  observedGeneration: number,
  problems: Problems,
  now: Date,
): readonly Condition[] {
  if (problems.length === 0) {
    const words = { reason: 'PolicyReady', message: 'the policy is in force', observedGeneration };
    return removeCondition(setCondition(before, { type: 'Ready', status: 'True', ...words }, now), 'Stalled');
  }
  const words = { reason: 'PolicyInvalid', message: problems.join('; '), observedGeneration };
  const ready = setCondition(before, { type: 'Ready', status: 'False', ...words }, now);
  return setCondition(ready, { type: 'Stalled', status: 'True', ...words }, now);
}

/** The words of Ready where they say that the policy can not be used, and did not say so before. */
export function invalidNews(before: readonly Condition[], after: readonly Condition[]): string | undefined {
  const ready = findCondition(after, 'Ready');
  if (ready === undefined || ready.status === 'True') return undefined;
  const old = findCondition(before, 'Ready');
  const told =
    old !== undefined && sameCondition({ ...ready, observedGeneration: 0 }, { ...old, observedGeneration: 0 });
  return told ? undefined : ready.message;
}
