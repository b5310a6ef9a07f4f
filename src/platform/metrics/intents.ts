import type { Series } from './series.ts';

export const READY = ['True', 'False', 'Unknown'] as const;
const OTHER = 'other';

export type Ready = (typeof READY)[number];

/** What a reason means for who reads the numbers. */
export interface ReasonLabels {
  /** What happens next: `Rejected`, `Waiting`, `Transient`. */
  readonly class: string;
  /** The step at which it arises. */
  readonly step: string;
}

/** How the intents of one store are, as counted at one moment. */
export interface IntentNumbers {
  readonly ready: Readonly<Record<Ready, number>>;
  /** Intents whose Ready condition is False, by its reason. Absent reasons are 0. */
  readonly notReady: ReadonlyMap<string, number>;
  /** Intents whose status speaks of an older spec, or that have none. */
  readonly outdated: number;
  /** Seconds for which the status of one of them has not moved; 0 where there is none. */
  readonly outdatedSeconds: number;
  /** Objects that exist and cannot be read. */
  readonly undecodable: number;
  /** Intents that wait for people to agree. */
  readonly awaitingApproval: number;
  /** Seconds since the oldest of them has not been approved; 0 where there is none. */
  readonly awaitingApprovalSeconds: number;
  /** Intents that do not go ahead because somebody else has the field, by who that is. */
  readonly conflicts: Readonly<Record<Conflict, number>>;
}

const CONFLICTS = ['autoscaler', 'intent'] as const;
export type Conflict = (typeof CONFLICTS)[number];

/** The series about the intents themselves. Every replica serves them: each watches all intents. */
export function intentSeries({ gauge }: Series, reasons: Readonly<Record<string, ReasonLabels>>) {
  const ready = gauge('patchgen_intents', 'Intents by the status of their Ready condition', ['ready']);
  const notReady = gauge('patchgen_intents_not_ready', 'Intents whose Ready condition is False, by its reason', [
    'reason',
    'class',
    'step',
  ]);
  const outdated = gauge(
    'patchgen_intents_outdated',
    'Intents whose status speaks of an older spec, or that have none',
  );
  const seconds = gauge(
    'patchgen_intents_outdated_seconds',
    'Longest time for which an outdated status has not moved, as seen by the scrapes of this process',
  );
  const undecodable = gauge('patchgen_intents_undecodable', 'Intents that exist and cannot be read');
  const pending = gauge('patchgen_approvals_pending', 'Intents that wait for people to agree to their plan');
  const oldest = gauge(
    'patchgen_approvals_pending_oldest_seconds',
    'Longest time for which an intent that waits for people has not been approved',
  );
  const conflicts = gauge(
    'patchgen_conflicts',
    'Intents that do not go ahead because an autoscaler or an older intent has their field',
    ['by'],
  );
  const labels = Object.entries({ ...reasons, [OTHER]: { class: OTHER, step: OTHER } });
  return (now: IntentNumbers): void => {
    for (const status of READY) ready.labels({ ready: status }).set(now.ready[status]);
    for (const [reason, { class: kind, step }] of labels) {
      const count = reason === OTHER ? unknown(now, reasons) : (now.notReady.get(reason) ?? 0);
      notReady.labels({ reason, class: kind, step }).set(count);
    }
    outdated.set(now.outdated);
    seconds.set(now.outdatedSeconds);
    undecodable.set(now.undecodable);
    pending.set(now.awaitingApproval);
    oldest.set(now.awaitingApprovalSeconds);
    for (const by of CONFLICTS) conflicts.labels({ by }).set(now.conflicts[by]);
  };
}

/** Reasons that are not ours: somebody else wrote the condition. Labels stay bounded all the same. */
function unknown({ notReady }: IntentNumbers, reasons: Readonly<Record<string, ReasonLabels>>): number {
  return [...notReady].reduce((sum, [reason, count]) => (Object.hasOwn(reasons, reason) ? sum : sum + count), 0);
}
