import type { Approval, ApprovalQuestion } from './approvals.ts';

/** Why a decision does not count; from what is told last to what is told first, which is what stands nearest to counting. */
export const FAULTS = Object.freeze(['stale', 'early', 'author', 'no-author', 'unguarded', 'expired'] as const);
export type Fault = (typeof FAULTS)[number];

/** One person, by the decision of theirs that counts or comes nearest to it. */
export interface Voice {
  readonly approver: string;
  readonly decision: Approval['decision'];
  /** Undefined: it counts. */
  readonly fault: Fault | undefined;
  /** When an approval gets too old; the latest one of this person that counts. */
  readonly expires: Date;
}

/**
 * What each person says with this kind of decision, by name. Several decisions of one person are one voice: the best of
 * them, so that approving again helps and an approval of long ago does no harm.
 */
export function voicesOf(question: ApprovalQuestion, decision: Approval['decision']): readonly Voice[] {
  const voices = new Map<string, Voice>();
  for (const approval of question.approvals) {
    if (approval.decision !== decision) continue;
    const voice = voiceOf(approval, question);
    const other = voices.get(approval.approver);
    if (other === undefined || isBetter(voice, other)) voices.set(approval.approver, voice);
  }
  return [...voices.values()].toSorted((one, other) => (one.approver < other.approver ? -1 : 1));
}

function voiceOf(approval: Approval, question: ApprovalQuestion): Voice {
  const { approver, decision, createdAt } = approval;
  const expires = new Date(createdAt.getTime() + question.requirement.timeToLiveMs);
  return { approver, decision, expires, fault: faultOf(approval, question, expires) };
}

/** Whether this very decision counts. */
export const counts = (approval: Approval, question: ApprovalQuestion): boolean =>
  voiceOf(approval, question).fault === undefined;

/** The server gives times in whole seconds, so what is of the same second as a bound counts as after it. */
function faultOf(approval: Approval, question: ApprovalQuestion, expires: Date): Fault | undefined {
  const { intentCreatedAt, now } = question;
  if (!isOfThis(approval, question)) return 'stale';
  if (approval.createdAt < intentCreatedAt) return 'early';
  // A no may come from the author as well, and does not wear out.
  const isYes = approval.decision === 'Approve';
  const author = isYes ? authorFault(approval, question) : undefined;
  if (author !== undefined) return author;
  if (!isTrusted(approval, question)) return 'unguarded';
  return isYes && now >= expires ? 'expired' : undefined;
}

/** A no to the plan that the status told last holds for its spec, though the target moved before the no was heard. */
function isOfThis({ planDigest, decision }: Approval, { planDigest: now, toldDigest }: ApprovalQuestion): boolean {
  return planDigest === now || (decision === 'Reject' && planDigest === toldDigest);
}

function authorFault({ approver }: Approval, { requirement, requestedBy }: ApprovalQuestion): Fault | undefined {
  if (requirement.author === 'Allow') return undefined;
  if (requestedBy === undefined) return 'no-author';
  return approver === requestedBy ? 'author' : undefined;
}

function isTrusted({ createdAt }: Approval, { guard }: ApprovalQuestion): boolean {
  if (guard === 'not-asked') return true;
  return 'trustedSince' in guard && createdAt >= guard.trustedSince;
}

function isBetter(one: Voice, other: Voice): boolean {
  const difference = rank(one) - rank(other);
  return difference === 0 ? one.expires > other.expires : difference > 0;
}

const rank = ({ fault }: Voice): number => (fault === undefined ? FAULTS.length : FAULTS.indexOf(fault));
