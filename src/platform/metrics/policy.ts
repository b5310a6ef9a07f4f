import { READY, type Ready } from './intents.ts';
import { childrenOf, type Series } from './series.ts';

const WRITE_RESULTS = ['written', 'conflict', 'failed'] as const;
const RESERVATION_RESULTS = ['granted', 'refused', 'failed'] as const;
const RESERVATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What the books of the policies count. */
export interface BookSeries {
  policyWrite(result: (typeof WRITE_RESULTS)[number]): void;
  reservation(result: (typeof RESERVATION_RESULTS)[number], seconds: number): void;
}

export function bookSeries({ counter, histogram }: Series): BookSeries {
  const writes = counter('patchgen_policy_writes_total', 'Writes of the status of a PatchPolicy', ['result']);
  const write = childrenOf(WRITE_RESULTS, (result) => writes.labels({ result }));
  const places = counter(
    'patchgen_policy_reservations_total',
    'Places taken under the rate limits of a policy, before a change was let through',
    ['result'],
  );
  const place = childrenOf(RESERVATION_RESULTS, (result) => places.labels({ result }));
  const seconds = histogram(
    'patchgen_policy_reservation_seconds',
    'Time from asking for a place to its being in the status of the policy',
    RESERVATION_BUCKETS,
  );
  return {
    policyWrite: (result) => write(result)?.inc(),
    reservation: (result, time) => {
      place(result)?.inc();
      seconds.observe(time);
    },
  };
}

/** What is watched beside the intents. */
export interface SurroundingSeries {
  objects(resource: string, count: number): void;
  unreadable(resource: string, unreadable: boolean): void;
}

export function surroundingSeries({ gauge }: Series, resources: readonly string[]): SurroundingSeries {
  const objects = gauge('patchgen_watched_objects', 'Objects that are kept beside the intents, by their resource', [
    'resource',
  ]);
  const unreadable = gauge(
    'patchgen_watch_unreadable',
    'Whether objects that are watched beside the intents can not be read now, 1 or 0',
    ['resource'],
  );
  for (const resource of resources) {
    objects.labels({ resource }).set(0);
    unreadable.labels({ resource }).set(0);
  }
  return {
    objects: (resource, count) => objects.labels({ resource }).set(count),
    unreadable: (resource, is) => unreadable.labels({ resource }).set(is ? 1 : 0),
  };
}

/** How the policies are, as counted at one moment. */
export interface PolicyNumbers {
  /** By the status of their Ready condition; Unknown where that speaks of an older spec, or is not there. */
  readonly ready: Readonly<Record<Ready, number>>;
  /** Policies whose storm brake stops changes now. */
  readonly braking: number;
}

/** The series about the policies themselves. Every replica serves them: each watches all policies. */
export function policySeries({ gauge }: Series): (now: PolicyNumbers) => void {
  const ready = gauge(
    'patchgen_policies',
    'Policies by the status of their Ready condition; Unknown: not looked at since they changed',
    ['ready'],
  );
  const braking = gauge('patchgen_policies_braking', 'Policies whose storm brake stops all changes under them now');
  const set = (now: PolicyNumbers): void => {
    for (const status of READY) ready.labels({ ready: status }).set(now.ready[status]);
    braking.set(now.braking);
  };
  set({ ready: { True: 0, False: 0, Unknown: 0 }, braking: 0 });
  return set;
}

const GUARD_STATES = ['intact', 'broken', 'off'] as const;

/** `off`: approvals count unguarded, by setting. */
export type GuardState = (typeof GUARD_STATES)[number];

/** What was last seen of the admission policies that keep the names of approvers true. Nothing, before anybody asked. */
export function guardSeries({ gauge }: Series): (seen: GuardState) => void {
  const states = gauge(
    'patchgen_approval_guard',
    'Whether this is how the admission policies behind approvals were last seen, 1 or 0; asked for when an approval is',
    ['state'],
  );
  for (const state of GUARD_STATES) states.labels({ state }).set(0);
  return (seen) => {
    for (const state of GUARD_STATES) states.labels({ state }).set(state === seen ? 1 : 0);
  };
}
