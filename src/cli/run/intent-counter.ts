import type { Condition, PatchIntent } from '../../api/types.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Conflict, IntentNumbers } from '../../platform/metrics/intents.ts';
import type { ApprovalState } from '../../reconcile/permit/approvals.ts';

/** An intent whose status is behind its spec: the generation that the status tells of, and since when it tells of it. */
interface Outdated {
  readonly observed: number;
  readonly since: number;
}

/** Whether an intent that is not ready for this reason waits for people. A rejection is an answer. */
const AWAITS: Readonly<Record<Extract<ApprovalState, { given: false }>['reason'], boolean>> = {
  AwaitingApproval: true,
  ApprovalStale: true,
  ApprovalExpired: true,
  ApprovalNotCounted: true,
  ApprovalUnguarded: true,
  ApprovalRejected: false,
};
const AWAITING: ReadonlySet<string> = new Set(
  Object.entries(AWAITS).flatMap(([reason, awaits]) => (awaits ? [reason] : [])),
);
const RIVALS: ReadonlyMap<string, Conflict> = new Map([
  ['ManagedByAutoscaler', 'autoscaler'],
  ['ConflictingIntent', 'intent'],
]);

/**
 * Counts intents as they are at each call, in one pass. What is outdated is remembered from call to call, so that its age is
 * known; an intent that is changed all the time and served all the time does not age.
 */
export function intentCounter(
  clock: Pick<Clock, 'monotonic' | 'now'>,
): (intents: readonly PatchIntent[]) => Omit<IntentNumbers, 'undecodable'> {
  const state: { outdated: ReadonlyMap<string, Outdated> } = { outdated: new Map() };
  return (intents) => {
    const now = clock.monotonic();
    const ready = { True: 0, False: 0, Unknown: 0 };
    const notReady = new Map<string, number>();
    const outdated = new Map<string, Outdated>();
    const held = heldCounter(clock.now());
    for (const { metadata, status } of intents) {
      const deleting = metadata.deletionTimestamp !== undefined;
      const told = toldBy(status?.conditions ?? []);
      ready[told.Ready?.status ?? 'Unknown'] += 1;
      if (told.Ready?.status === 'False') notReady.set(told.Ready.reason, (notReady.get(told.Ready.reason) ?? 0) + 1);
      if (!deleting) held.add(told);
      const observed = status?.observedGeneration ?? -1;
      if (observed >= metadata.generation || deleting) continue;
      const before = state.outdated.get(metadata.uid);
      outdated.set(metadata.uid, before?.observed === observed ? before : { observed, since: now });
    }
    state.outdated = outdated;
    const oldest = [...outdated.values()].reduce((least, { since }) => Math.min(least, since), now);
    return { ready, notReady, outdated: outdated.size, outdatedSeconds: (now - oldest) / 1_000, ...held.numbers() };
  };
}

type Told = { [Type in 'Ready' | 'Approved' | 'Conflicted']?: Condition };

/** The conditions that are counted. */
function toldBy(conditions: readonly Condition[]): Told {
  const told: Told = {};
  for (const condition of conditions) {
    const { type } = condition;
    if (type === 'Ready' || type === 'Approved' || type === 'Conflicted') told[type] = condition;
  }
  return told;
}

/** Counts what is held for people, or by somebody else who has the field. */
function heldCounter(now: Date) {
  const conflicts = { autoscaler: 0, intent: 0 };
  let awaitingApproval = 0;
  let oldest = now.getTime();
  return {
    add({ Ready, Approved, Conflicted }: Told): void {
      const rival = Conflicted?.status === 'True' ? RIVALS.get(Conflicted.reason) : undefined;
      if (rival !== undefined) conflicts[rival] += 1;
      if (Ready?.status !== 'False' || !AWAITING.has(Ready.reason)) return;
      awaitingApproval += 1;
      // Ready may have been False for other reasons before.
      const since = Date.parse((Approved?.status === 'False' ? Approved : Ready).lastTransitionTime);
      if (since < oldest) oldest = since;
    },
    numbers: () => ({ awaitingApproval, awaitingApprovalSeconds: (now.getTime() - oldest) / 1_000, conflicts }),
  };
}
