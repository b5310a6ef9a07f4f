import {
  asksForIt,
  counted,
  listed,
  NO_AUTHOR,
  notBy,
  notCounted,
  notCountedAre,
  shown,
  uncountable,
  unguarded,
  untrusted,
} from './approval-words.ts';
import type { ApprovalQuestion, ApprovalState } from './approvals.ts';
import { FAULTS, type Fault, type Voice, voicesOf } from './weigh-approval.ts';

type NotGiven = Extract<ApprovalState, { readonly given: false }>;

/** More names than this say nothing new to a person. */
const MOST_NAMES = 5;

const REASON_OF = {
  unguarded: 'ApprovalUnguarded',
  expired: 'ApprovalExpired',
  'no-author': 'ApprovalNotCounted',
  author: 'ApprovalNotCounted',
  early: 'ApprovalNotCounted',
  stale: 'ApprovalStale',
} as const satisfies Record<Fault, NotGiven['reason']>;

/**
 * Whether people have agreed to this very plan. Pure, and as careful with what stops a change as with what lets it through.
 *
 * A rejection that counts, or that the status remembers for this spec, outweighs any number of approvals. An approval counts
 * for its person, once, when it names this plan, is not from before the intent or the guard, is not too old, and is not of the
 * author where the policy refuses authors. The text does not change by the passing of time alone, only at `until`.
 */
export function decideApproval(question: ApprovalQuestion): ApprovalState {
  if (question.rejected !== undefined) return { given: false, reason: 'ApprovalRejected', message: question.rejected };
  const rejections = voicesOf(question, 'Reject');
  const rejecting = rejections.filter(({ fault }) => fault === undefined);
  if (rejecting.length > 0) return rejectedBy(rejecting);

  const voices = voicesOf(question, 'Approve');
  const counting = voices.filter(({ fault }) => fault === undefined);
  const { approvals: needed } = question.requirement;
  if (counting.length >= needed) {
    return { given: true, reason: 'Approved', message: `approved by ${names(counting)}` };
  }
  const silent = [...voices, ...rejections].filter(({ fault }) => fault !== undefined);
  const until = counting.map(({ expires }) => expires).toSorted((one, other) => one.getTime() - other.getTime())[0];
  return {
    given: false,
    reason: counting.length > 0 ? 'AwaitingApproval' : reasonOf(voices, rejections),
    message: waitingFor(question, counting, silent),
    ...(until === undefined ? {} : { until }),
    ...(brokenGuard(question) === undefined ? {} : { unguarded: true }),
  };
}

function rejectedBy(rejecting: readonly Voice[]): ApprovalState {
  const message = `rejected by ${names(rejecting)}; this holds until the spec changes`;
  return { given: false, reason: 'ApprovalRejected', message };
}

/** What stands nearest to counting is what there is to do. Of rejections only an unguarded one matters: guarded, it would count. */
function reasonOf(approvals: readonly Voice[], rejections: readonly Voice[]): NotGiven['reason'] {
  const faults = new Set(approvals.map(({ fault }) => fault));
  if (rejections.some(({ fault }) => fault === 'unguarded')) faults.add('unguarded');
  const nearest = FAULTS.findLast((fault) => faults.has(fault));
  return nearest === undefined ? 'AwaitingApproval' : REASON_OF[nearest];
}

/** `1 of 2 approvals (jane); not counted: bob (approved another plan); to decide: patchgen approve web --namespace shop`. */
function waitingFor(question: ApprovalQuestion, counting: readonly Voice[], silent: readonly Voice[]): string {
  const { intent, requirement } = question;
  return [
    counted(counting.length, requirement.approvals, names(counting)),
    ...authorOf(question, silent),
    ...hindrances(question),
    ...(silent.length === 0
      ? []
      : [notCountedAre(names(silent, (voice) => notCounted(voice.approver, whyNot(voice, question))))]),
    `to decide: patchgen approve ${intent.name} --namespace ${intent.namespace}`,
  ].join('; ');
}

/** Who asks is told beforehand that it takes somebody else; where they have tried, that is told with their name. */
function authorOf({ requirement, requestedBy }: ApprovalQuestion, silent: readonly Voice[]): readonly string[] {
  if (requirement.author === 'Allow' || requestedBy === undefined) return [];
  const told = silent.slice(0, MOST_NAMES).some(({ fault }) => fault === 'author');
  return told ? [] : [notBy(requestedBy)];
}

/** What must be put right before anybody's approval can count, told also where nobody has approved yet. */
function hindrances(question: ApprovalQuestion): readonly string[] {
  const { requirement, requestedBy } = question;
  const broken = brokenGuard(question);
  return [
    ...(broken === undefined ? [] : [uncountable(broken)]),
    ...(requirement.author === 'Refuse' && requestedBy === undefined ? [NO_AUTHOR] : []),
  ];
}

const brokenGuard = ({ guard }: ApprovalQuestion): string | undefined =>
  guard !== 'not-asked' && 'broken' in guard ? guard.broken : undefined;

function whyNot({ decision, fault }: Voice, { guard }: ApprovalQuestion): string {
  const verb = decision === 'Approve' ? 'approved' : 'rejected';
  switch (fault) {
    case 'stale':
      return `${verb} another plan`;
    case 'early':
      return `${verb} before this intent was created`;
    case 'author':
      return asksForIt();
    case 'no-author':
      return 'may be who asks for the change';
    case 'expired':
      return `${verb} too long ago`;
    default:
      return guard !== 'not-asked' && 'trustedSince' in guard ? untrusted(verb) : unguarded(verb);
  }
}

function names(voices: readonly Voice[], worded: (voice: Voice) => string = nameOf): string {
  return listed(voices.slice(0, MOST_NAMES).map(worded), voices.length - MOST_NAMES);
}

const nameOf = ({ approver }: Voice): string => shown(approver);
