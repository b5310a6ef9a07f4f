import { Cancelled } from '../api/errors.ts';
import type { PatchIntent } from '../api/types.ts';
import type { Deps } from './deps.ts';
import { packageKeyOf } from './key.ts';
import { after, BACKOFF, DONE, type Next } from './next.ts';
import { asFailure } from './outcome.ts';

/** How long the store gets to catch up when the live read finds an intent that it lacks. */
const STORE_LAG_MS = 1_000;

/**
 * The run of a key whose intent is gone. Removes its package if the gate granted it and a live read agrees: 404 while the kind
 * is served and not terminating. Anything else (403, a missing kind, no answer) is no absence, and the package stays.
 */
export async function collect(key: string, deps: Deps, signal: AbortSignal): Promise<Next> {
  try {
    if (!(await isPublished(key, deps))) return DONE;
    if (!deps.collection.mayRemove(key)) return await notice(key, deps, signal);
    if ((await deps.api.get(key, signal)) !== undefined) {
      deps.collection.present(key);
      return after(STORE_LAG_MS);
    }
    // Asked after the read: a 404 that came from a vanishing kind is recognised by the kind being gone now.
    if (!(await deps.api.kindIsServed(signal))) {
      deps.collection.doubt('kind', key);
      return DONE;
    }
    await remove(key, deps);
    return DONE;
  } catch (thrown) {
    return notRemoved(key, thrown, deps);
  }
}

/** Whether the root holds a package of this key: looked up where a failed publication left it open. */
async function isPublished(key: string, deps: Deps): Promise<boolean> {
  if (!deps.collection.isUncertain(key)) return deps.collection.has(key);
  const found = (await deps.publisher.lookup(packageKeyOf(key))) !== undefined;
  if (found) deps.collection.published(key);
  else deps.collection.removed(key);
  return found;
}

/**
 * First sight of an absence. The kind is asked for at once: a CRD that is deleted takes its objects along, and may be back
 * before the gate decides.
 */
async function notice(key: string, deps: Deps, signal: AbortSignal): Promise<Next> {
  deps.collection.absent(key);
  if (!(await deps.api.kindIsServed(signal))) deps.collection.doubt('kind', key);
  return DONE;
}

/**
 * The outcome of a present intent publishes nothing: a package that it does not claim belongs to an earlier object of that
 * name and goes through the gate. Resolves to what to do next where that failed, else to undefined.
 */
export async function withdraw(key: string, intent: PatchIntent, deps: Deps): Promise<Next | undefined> {
  if (intent.status?.package !== undefined) {
    deps.collection.present(key);
    return undefined;
  }
  try {
    if (!(await isPublished(key, deps))) return undefined;
    if (deps.collection.mayRemove(key)) await remove(key, deps);
    else deps.collection.absent(key);
    return undefined;
  } catch (thrown) {
    return notRemoved(key, thrown, deps);
  }
}

async function remove(key: string, deps: Deps): Promise<void> {
  await deps.publisher.remove(packageKeyOf(key));
  deps.collection.removed(key);
  deps.metrics.removed();
  deps.log.info({ intent: key }, 'package removed');
}

function notRemoved(key: string, thrown: unknown, deps: Deps): Next {
  const failure = asFailure(thrown);
  if (failure instanceof Cancelled) {
    if (failure.reason === 'LeadershipLost') deps.leadershipLost(failure.message);
    return DONE;
  }
  deps.log.warn({ intent: key, reason: failure.reason, error: failure.message }, 'package not removed');
  return BACKOFF;
}
