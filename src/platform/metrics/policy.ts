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
