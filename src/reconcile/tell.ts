import type { Failure } from '../api/errors.ts';
import type { Reason } from '../api/reasons.ts';
import { API_VERSION, KIND, type PatchIntent } from '../api/types.ts';
import type { Deps, IntentEvent } from './deps.ts';
import { eventTypeOf, type Outcome, type Verdict } from './outcome.ts';
import type { Report } from './status/report.ts';

/**
 * Sends the Event of a run, at most one: `PackageRestored` when what was on disk had been altered; otherwise what the status
 * write told, once per change. A package published again after a failover is no news, so it has none.
 */
export function tell(intent: PatchIntent, outcome: Outcome, verdict: Verdict, reported: Report, deps: Deps): void {
  const restored = restoredNote(intent, outcome, deps.rootId());
  if (restored !== undefined) return emit(intent, 'PackageRestored', restored, deps);
  if (!reported.written || !isNews(reported.intent, outcome, verdict)) return;
  emit(intent, verdict.reason, verdict.message, deps);
}

/** The server takes no status of this object: the Event is all that its owner can see. */
export function tellRefused(intent: PatchIntent, failure: Failure, deps: Deps): void {
  emit(intent, failure.reason, failure.message, deps);
}

/** A claimed package was missing or altered under the very root that the status names. */
function restoredNote(intent: PatchIntent, outcome: Outcome, rootId: string): string | undefined {
  if (outcome.kind !== 'published') return undefined;
  const { published, package: pkg } = outcome.delivered;
  const claimed = intent.status?.package;
  const ours = claimed !== undefined && claimed.root === rootId && claimed.digest === pkg.digest;
  if (published.outcome === 'restored')
    return `package ${claimed?.path ?? pkg.name} had been changed on disk and was restored`;
  if (ours && published.outcome === 'written')
    return `package ${claimed.path} had been removed on disk and was restored`;
  return undefined;
}

/** Whether the words of `Ready` or the digest differ from what the status said before. */
function isNews(before: PatchIntent, outcome: Outcome, verdict: Verdict): boolean {
  const ready = before.status?.conditions?.find(({ type }) => type === 'Ready');
  if (outcome.kind === 'published') {
    return ready?.status !== 'True' || before.status?.package?.digest !== outcome.delivered.package.digest;
  }
  return ready?.status !== verdict.ready || ready.reason !== verdict.reason || ready.message !== verdict.message;
}

function emit({ metadata }: PatchIntent, reason: Reason, note: string, deps: Deps): void {
  const type = eventTypeOf(reason);
  if (type === null) return;
  const { namespace, name, uid, resourceVersion } = metadata;
  const regarding: IntentEvent['regarding'] = {
    apiVersion: API_VERSION,
    kind: KIND,
    namespace,
    name,
    uid,
    resourceVersion,
  };
  deps.events.emit({ regarding, type, reason, action: 'Reconcile', note });
}
