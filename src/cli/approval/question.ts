import { findCondition } from '../../api/conditions.ts';
import type { Condition, PatchIntent } from '../../api/types.ts';
import {
  mayLeaveOut,
  tellsAuthorRefused,
  tellsBrokenGuard,
  tellsUntrusted,
} from '../../reconcile/permit/approval-words.ts';
import type { ApprovalQuestion } from '../../reconcile/permit/approvals.ts';
import { counts } from '../../reconcile/permit/weigh-approval.ts';
import { stageOf } from '../status/stage.ts';
import type { Decision, Unread } from './read.ts';
import type { Wanted } from './requirement.ts';

/** All that is looked at before somebody decides. */
export interface Question {
  readonly intent: PatchIntent;
  /** Who the API server takes the caller for. */
  readonly caller: string;
  readonly decisions: readonly Decision[] | Unread;
  readonly wanted: Wanted;
  readonly now: Date;
}

/** Why a decision would be without effect, or would be about something else. */
export interface Objection {
  readonly message: string;
  /** Whether `--force` overrules it: the decision would be well-formed, and the operator has the last word. */
  readonly canBeForced: boolean;
}

/** Of the condition Approved: people may still have a say. */
const OPEN: ReadonlySet<string> = new Set([
  'AwaitingApproval',
  'ApprovalStale',
  'ApprovalExpired',
  'ApprovalNotCounted',
  'ApprovalUnguarded',
]);

export const isRead = (decisions: readonly Decision[] | Unread): decisions is readonly Decision[] =>
  !('unread' in decisions);

export const titleOf = ({ metadata: { namespace, name } }: PatchIntent): string => `${namespace}/${name}`;

/** The condition that tells of approval: Approved, else what Ready says about it. */
export function approvalCondition({ status }: PatchIntent): Condition | undefined {
  const conditions = status?.conditions ?? [];
  const approved = findCondition(conditions, 'Approved');
  if (approved !== undefined) return approved;
  const ready = findCondition(conditions, 'Ready');
  return ready !== undefined && /Approv/.test(ready.reason) ? ready : undefined;
}

/** The first thing that stands against this decision; undefined where nothing does. Pure. */
export function objectionTo(
  question: Question,
  decision: 'Approve' | 'Reject',
  planDigest: string | undefined,
): Objection | undefined {
  const { intent } = question;
  const unclear = outdated(intent) ?? unplanned(intent) ?? anotherPlan(intent, planDigest);
  if (unclear !== undefined) return { message: unclear, canBeForced: false };
  const idle = nothingAwaited(intent) ?? (decision === 'Approve' ? (byAuthor(question) ?? twice(question)) : undefined);
  return idle === undefined ? undefined : { message: idle, canBeForced: true };
}

function outdated(intent: PatchIntent): string | undefined {
  const { generation, deletionTimestamp } = intent.metadata;
  if (deletionTimestamp !== undefined) return `${titleOf(intent)} is being deleted`;
  const observed = intent.status?.observedGeneration ?? -1;
  if (observed >= generation) return undefined;
  const handled =
    observed < 0 ? 'not handled it yet' : `handled generation ${observed} of it, and it is at ${generation}`;
  return `there is no plan for what ${titleOf(intent)} says now, because the operator has ${handled}: look again in a moment, or see patchgen doctor`;
}

function unplanned(intent: PatchIntent): string | undefined {
  if (intent.status?.plan?.planDigest !== undefined) return undefined;
  return `there is no plan of ${titleOf(intent)} to decide on: ${whereItIs(intent)}`;
}

function anotherPlan(intent: PatchIntent, asked: string | undefined): string | undefined {
  const current = intent.status?.plan?.planDigest;
  if (asked === undefined || asked === current) return undefined;
  return `the plan of ${titleOf(intent)} is ${current} now, and not the one of --plan-digest: look at it again`;
}

function nothingAwaited(intent: PatchIntent): string | undefined {
  const approved = approvalCondition(intent);
  const title = titleOf(intent);
  if (approved === undefined || approved.status === 'True' || stageOf(intent) === 'Published')
    return `nothing of ${title} awaits approval: ${whereItIs(intent)}`;
  const { reason, message } = approved;
  if (reason === 'ApprovalRejected') return `${title} was rejected, and that holds until its spec changes: ${message}`;
  if (tellsBrokenGuard(message)) return `a decision on ${title} would not count now: ${message}`;
  return OPEN.has(reason) ? undefined : `nothing of ${title} awaits approval: ${reason}: ${message}`;
}

/** Where the policies refuse the author, somebody has to be known as the author. */
function byAuthor({ intent, caller, wanted }: Question): string | undefined {
  const { requestedBy } = intent.spec;
  if (!refusesAuthor(intent, wanted)) return undefined;
  if (requestedBy === undefined)
    return `nobody can approve ${titleOf(intent)} while its spec.requestedBy does not say who asks, because the policies do not let the author approve`;
  return requestedBy === caller
    ? `you (${caller}) asked for this change yourself, and the policies do not let its author approve it: somebody else must`
    : undefined;
}

/** What the caller may not read of the policies, the operator has told. */
function refusesAuthor(intent: PatchIntent, { requirement, unread }: Wanted): boolean {
  if (requirement?.author === 'Refuse') return true;
  const isKnown = requirement !== undefined && unread.length === 0;
  return !isKnown && tellsAuthorRefused(approvalCondition(intent)?.message ?? '', intent.spec.requestedBy);
}

/** The same person counts once. What does not count, or may not, is no reason not to say it again. */
function twice({ intent, caller, decisions, wanted, now }: Question): string | undefined {
  const { requirement, unread } = wanted;
  if (!isRead(decisions) || requirement === undefined || unread.length > 0 || isTold(intent, caller)) return undefined;
  const { metadata, spec, status } = intent;
  const question: ApprovalQuestion = {
    intent: metadata,
    requirement,
    planDigest: status?.plan?.planDigest ?? '',
    ...(spec.requestedBy === undefined ? {} : { requestedBy: spec.requestedBy }),
    intentCreatedAt: new Date(metadata.creationTimestamp ?? 0),
    approvals: decisions,
    // Who may decide need not be able to look at the guard: the status has told what it makes of the caller.
    guard: 'not-asked',
    now,
  };
  const own = decisions.find((one) => one.approver === caller && one.decision === 'Approve' && counts(one, question));
  return own === undefined ? undefined : `you have approved this plan already (${own.name}), and count once`;
}

/** That what the caller has said is not trusted, or may not be. ApprovalUnguarded is told only where nobody counts. */
function isTold(intent: PatchIntent, caller: string): boolean {
  const { reason, message = '' } = approvalCondition(intent) ?? {};
  return reason === 'ApprovalUnguarded' || tellsUntrusted(message, caller) || mayLeaveOut(message, caller);
}

function whereItIs(intent: PatchIntent): string {
  const ready = findCondition(intent.status?.conditions ?? [], 'Ready');
  const stage = stageOf(intent);
  return ready === undefined ? `it is ${stage}` : `it is ${stage}, ${ready.reason}: ${ready.message}`;
}
