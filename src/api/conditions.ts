import { codePoints } from './code-points.ts';
import type { Condition } from './schema/patchintent.ts';

/**
 * The condition types that the operator owns. `Ready` is the summary; `Reconciling` and `Stalled` exist only while
 * they are True (kstatus), and so does `Conflicted`; the others tell of one step each.
 */
export const CONDITION_TYPES = Object.freeze([
  'Ready',
  'Reconciling',
  'Stalled',
  'Validated',
  'Planned',
  'Approved',
  'Conflicted',
  'Packaged',
] as const);

export type ConditionType = (typeof CONDITION_TYPES)[number];

/** In code points. The CRD allows more, so that conditions of others fit; ours are for reading in a terminal. */
export const MAX_MESSAGE_LENGTH = 1024;

/** A condition as a step states it: the time of the transition is worked out by `setCondition`. */
export interface ConditionState extends Omit<Condition, 'type' | 'lastTransitionTime' | 'observedGeneration'> {
  readonly type: ConditionType;
  readonly observedGeneration: number;
}

/**
 * Puts `state` into the list, in the place of the condition of that type or else at the end. `lastTransitionTime`
 * moves to `now` only when the status moves. Other types, ours or foreign, are carried untouched; the same list comes
 * back when nothing changed. Messages longer than 1,024 code points are cut and end in `…`.
 */
export function setCondition(list: readonly Condition[], state: ConditionState, now: Date): readonly Condition[] {
  const old = findCondition(list, state.type);
  const moved = old === undefined || old.status !== state.status;
  const next: Condition = Object.freeze({
    type: state.type,
    status: state.status,
    reason: state.reason,
    message: cutMessage(state.message),
    lastTransitionTime: moved ? timestamp(now) : old.lastTransitionTime,
    observedGeneration: state.observedGeneration,
  });
  if (old === undefined) return [...list, next];
  if (sameCondition(old, next)) return list;
  return list.map((condition) => (condition === old ? next : condition));
}

/** The list without the condition of that type; the same list when it was not there. */
export function removeCondition(list: readonly Condition[], type: ConditionType): readonly Condition[] {
  if (findCondition(list, type) === undefined) return list;
  return list.filter((condition) => condition.type !== type);
}

export function findCondition(list: readonly Condition[], type: string): Condition | undefined {
  return list.find((condition) => condition.type === type);
}

/** True when both say the same, whatever the time of their last transition. */
export function sameCondition(a: Condition, b: Condition): boolean {
  return (
    a.type === b.type &&
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.observedGeneration === b.observedGeneration
  );
}

/** Cuts to 1,024 code points, the unit in which the API server counts, and never through a surrogate pair. */
export function cutMessage(message: string): string {
  // The server stores a lone surrogate as U+FFFD; doing so first keeps an unchanged status equal to the stored one.
  const text = message.toWellFormed();
  if (text.length <= MAX_MESSAGE_LENGTH) return text;
  if (codePoints(text) <= MAX_MESSAGE_LENGTH) return text;
  // Two units at most for a code point, so a message of megabytes is not taken apart.
  const points = Array.from(text.slice(0, 2 * MAX_MESSAGE_LENGTH));
  return `${points.slice(0, MAX_MESSAGE_LENGTH - 1).join('')}…`;
}

/** RFC 3339 in whole seconds, as the API server writes its own times. */
export function timestamp(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
