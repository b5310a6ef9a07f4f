import { findCondition } from '../../api/conditions.ts';
import type { PatchIntent } from '../../api/types.ts';
import { type Clock, sleep } from '../../platform/clock.ts';
import { approvalCondition, titleOf } from './question.ts';

const PERIOD_MS = 1_000;

/** How waiting ended: what was decided has come into effect, or why not. */
export type Ending = { readonly done: string } | { readonly not: string };

export interface WaitOptions {
  readonly decision: 'Approve' | 'Reject';
  readonly uid: string;
  readonly planDigest: string;
  /** The reason of Approved when the decision was made. */
  readonly before?: string | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * Looks at the intent each second until the decision has come into effect: it is Ready for an approval, rejected for a
 * rejection. Ends before the time where it can't come to that any more.
 */
export async function waitFor(read: () => Promise<PatchIntent>, options: WaitOptions): Promise<Ending> {
  const { clock, timeoutMs } = options;
  const end = clock.monotonic() + timeoutMs;
  while (true) {
    const intent = await read();
    const ending = endingOf(intent, options);
    if (ending !== undefined) return ending;
    if (clock.monotonic() >= end)
      return { not: `${titleOf(intent)} is not ${goalOf(options)} in time: ${stateOf(intent)}` };
    await sleep(clock, PERIOD_MS);
  }
}

/** Undefined while it can still come to that. */
export function endingOf(
  intent: PatchIntent,
  { decision, uid, planDigest, before }: Pick<WaitOptions, 'decision' | 'uid' | 'planDigest' | 'before'>,
): Ending | undefined {
  const title = titleOf(intent);
  if (intent.metadata.uid !== uid) return { not: `${title} was deleted and created again: the decision went with it` };
  const { status } = intent;
  if ((status?.observedGeneration ?? -1) < intent.metadata.generation)
    return { not: `the spec of ${title} has changed: the decision was about another plan` };
  const ready = findCondition(status?.conditions ?? [], 'Ready');
  const approval = approvalCondition(intent);
  const rejected = approval?.reason === 'ApprovalRejected';
  if (decision === 'Reject') {
    if (rejected) return { done: `${title} is rejected` };
  } else {
    if (ready?.status === 'True') return { done: `${title} is Ready: ${ready.message}` };
    if (rejected) return { not: `${title} is rejected: ${stateOf(intent)}` };
  }
  if (findCondition(status?.conditions ?? [], 'Stalled')?.status === 'True')
    return { not: `${title} goes no further: ${stateOf(intent)}` };
  if (status?.plan?.planDigest !== planDigest)
    return { not: `the plan of ${title} has changed, so the decision is about another one: ${stateOf(intent)}` };
  // Only what has come since can be about this decision.
  if (approval !== undefined && approval.reason !== before && UNCOUNTED.has(approval.reason))
    return { not: `the decision on ${title} does not count: ${approval.message}` };
  return undefined;
}

/** Waiting longer mends none of these. */
const UNCOUNTED: ReadonlySet<string> = new Set(['ApprovalUnguarded', 'ApprovalNotCounted']);

const goalOf = ({ decision }: WaitOptions): string => (decision === 'Approve' ? 'Ready' : 'rejected');

function stateOf({ status }: PatchIntent): string {
  const ready = findCondition(status?.conditions ?? [], 'Ready');
  return ready === undefined ? 'it has no status' : `${ready.reason}: ${ready.message}`;
}
