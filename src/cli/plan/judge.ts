import type { Look } from './look.ts';

/**
 * What would come of it now. Allow and Warn: it may go ahead · Approval: people must agree first · Wait: not now · Refuse: not
 * this change · Idle: nothing stands against it, and the operator does not act on it as it is · Unknown: nothing that could be
 * seen stands against it, and not all could be seen.
 */
export type Judgement = 'Allow' | 'Warn' | 'Approval' | 'Wait' | 'Refuse' | 'Idle' | 'Unknown';

export function judgementOf({ subject, failure, warnings, gaps }: Look): Judgement {
  if (failure === undefined) {
    if (subject.idle !== undefined) return 'Idle';
    if (gaps.length > 0) return 'Unknown';
    return warnings.length > 0 ? 'Warn' : 'Allow';
  }
  if (failure.class === 'Rejected' || REFUSING.has(failure.reason)) return 'Refuse';
  return failure.reason === 'AwaitingApproval' ? 'Approval' : 'Wait';
}

/** These wait for somebody to change the world or the intent, and not for a time. */
const REFUSING: ReadonlySet<string> = new Set(['ManagedByAutoscaler', 'ConflictingIntent', 'DryRunRefused']);

/** The same as of `policy test`: what may not go ahead, or not yet, or not without approval, is no. */
export const mayGoAhead = (judgement: Judgement): boolean => judgement === 'Allow' || judgement === 'Warn';

/** The digest that the operator gives to this plan; undefined where that can not be told from here. */
export function planDigestOf({ heard, gaps }: Look): string | undefined {
  return gaps.some(({ digest }) => digest) ? undefined : heard?.considered.planDigest;
}
