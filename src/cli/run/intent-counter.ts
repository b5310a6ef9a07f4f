import type { PatchIntent } from '../../api/types.ts';
import type { Clock } from '../../platform/clock.ts';
import type { IntentNumbers } from '../../platform/metrics/intents.ts';

/** An intent whose status is behind its spec: the generation that the status tells of, and since when it tells of it. */
interface Outdated {
  readonly observed: number;
  readonly since: number;
}

/**
 * Counts intents as they are at each call. What is outdated is remembered from call to call, so that its age is known; an
 * intent that is changed all the time and served all the time does not age.
 */
export function intentCounter(
  clock: Pick<Clock, 'monotonic'>,
): (intents: readonly PatchIntent[]) => Omit<IntentNumbers, 'undecodable'> {
  const state: { outdated: ReadonlyMap<string, Outdated> } = { outdated: new Map() };
  return (intents) => {
    const now = clock.monotonic();
    const ready = { True: 0, False: 0, Unknown: 0 };
    const notReady = new Map<string, number>();
    const outdated = new Map<string, Outdated>();
    for (const { metadata, status } of intents) {
      const condition = status?.conditions?.find(({ type }) => type === 'Ready');
      ready[condition?.status ?? 'Unknown'] += 1;
      if (condition?.status === 'False') notReady.set(condition.reason, (notReady.get(condition.reason) ?? 0) + 1);
      const observed = status?.observedGeneration ?? -1;
      if (observed >= metadata.generation || metadata.deletionTimestamp !== undefined) continue;
      const before = state.outdated.get(metadata.uid);
      outdated.set(metadata.uid, before?.observed === observed ? before : { observed, since: now });
    }
    state.outdated = outdated;
    const oldest = [...outdated.values()].reduce((least, { since }) => Math.min(least, since), now);
    return { ready, notReady, outdated: outdated.size, outdatedSeconds: (now - oldest) / 1_000 };
  };
}
