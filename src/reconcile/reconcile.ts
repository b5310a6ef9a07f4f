import { Cancelled, Conflict, type Failure, Rejected, Transient } from '../api/errors.ts';
import type { PatchIntent } from '../api/types.ts';
import { collect, withdraw } from './collect.ts';
import type { Deps } from './deps.ts';
import { keyOf } from './key.ts';
import { after, BACKOFF, DONE, type Next } from './next.ts';
import { asFailure, judge, type Outcome, type Verdict } from './outcome.ts';
import {
  admit,
  hear,
  type Loaded,
  lookAgain,
  observe,
  plan,
  publish,
  type Reached,
  type Rehearsed,
  rehearse,
  render,
  reserve,
  validate,
  weigh,
} from './path.ts';
import { deniedBy } from './permit/admit.ts';
import { isRefusal } from './plan/dry-run.ts';
import { report } from './status/report.ts';
import { tell, tellRefused } from './tell.ts';

/**
 * One run over one intent, told in order: load it, follow the path as far as it leads, report how it ended. Never throws for
 * what an intent, a disk or the API server does: every such thing is an outcome. `release` lets others have the worker, for the
 * time in which many runs wait for one write.
 */
export async function reconcile(
  key: string,
  deps: Deps,
  signal: AbortSignal,
  release: () => void = () => {},
): Promise<Next> {
  const view = await load(key, deps, signal).catch((thrown: unknown) => unread(key, thrown, deps));
  if (typeof view === 'object' && 'next' in view) return view;
  if (view === 'behind') return after(deps.ownWriteWaitMs);
  if (view === undefined) return collect(key, deps, signal);
  if (view.metadata.deletionTimestamp !== undefined) return DONE;
  const wait = deps.isRepublication(view) ? deps.republishWaitMs(key) : 0;
  if (wait > 0) return after(wait);
  const outcome = await follow({ intent: view }, deps, signal, release);
  return conclude(key, view, outcome, deps, signal);
}

/** What happens to a run that threw or hung: the object itself says so. Where it is gone, its package is still to be removed. */
export async function reportFailure(key: string, thrown: unknown, deps: Deps, signal: AbortSignal): Promise<Next> {
  const intent = deps.intents.get(key);
  if (intent === undefined) return deps.collection.has(key) || deps.collection.isUncertain(key) ? BACKOFF : DONE;
  const outcome: Outcome = { kind: 'failed', failure: asFailure(thrown), reached: undefined };
  return conclude(key, intent, outcome, deps, signal);
}

/** The newest view that is not older than our own last write. */
async function load(key: string, deps: Deps, signal: AbortSignal): Promise<PatchIntent | undefined | 'behind'> {
  const stored = deps.intents.get(key);
  const state = deps.ownWrites.check(key, stored?.metadata.resourceVersion);
  if (state === 'current') return stored;
  if (state === 'behind') return 'behind';
  const live = await deps.api.get(key, signal);
  deps.ownWrites.settled(key);
  return live;
}

/** What cannot be read is no news of the object: its status says what it said. */
function unread(key: string, thrown: unknown, deps: Deps): Next {
  const { reason, message, retryAfterMs } = asFailure(thrown);
  deps.log.warn({ intent: key, reason, error: message }, 'intent not read');
  return retryAfterMs === undefined ? BACKOFF : after(retryAfterMs);
}

async function follow(loaded: Loaded, deps: Deps, signal: AbortSignal, release: () => void): Promise<Outcome> {
  let reached: Reached | undefined;
  try {
    if (isSuspended(loaded)) return { kind: 'suspended' };
    const accepted = validate(loaded, deps.rules);
    reached = accepted;
    const planned = plan(accepted);
    reached = planned;
    const heard = await hear(weigh(await observe(planned, deps.world, signal)), deps.world, signal);
    reached = heard;
    const allowed = await rehearse(admit(heard, deps.rules), deps.world, deps.rules, signal);
    const waits = takesPlace(allowed);
    if (waits) release();
    const reserved = await reserve(allowed, deps.world, signal);
    if (waits) {
      // That may have taken its time: what is wanted counts as it is now, and so does what policies and people say.
      if (!isCurrent(loaded, deps))
        throw new Conflict('StatusConflict', 'the intent changed while its place was written');
      const again = await hear(weigh(lookAgain(reserved, deps.world)), deps.world, signal);
      reached = again;
      admit(again, deps.rules);
    }
    const rendered = render(reserved);
    reached = rendered;
    if (rendered.spec.dryRun) return { kind: 'dry-run', rendered };
    return { kind: 'published', delivered: await publish(rendered, deps.publisher) };
  } catch (thrown) {
    return { kind: 'failed', failure: asFailure(thrown), reached };
  }
}

/** Whether no newer spec is known: the store may also be behind what was read for this run. */
function isCurrent({ intent: { metadata } }: Loaded, { intents }: Deps): boolean {
  const now = intents.get(keyOf(metadata))?.metadata;
  return now?.uid === metadata.uid && now.generation <= metadata.generation;
}

/** Whether policies count this change. */
const takesPlace = ({ considered, spec }: Rehearsed): boolean =>
  !considered.published && !spec.dryRun && considered.applying.some((policy) => policy.spec.rate !== undefined);

/** Read before validation: a suspended intent is left alone even when its spec is bad. */
function isSuspended({ intent }: Loaded): boolean {
  const spec: unknown = intent.spec;
  return typeof spec === 'object' && spec !== null && 'suspend' in spec && spec.suspend === true;
}

async function conclude(
  key: string,
  intent: PatchIntent,
  outcome: Outcome,
  deps: Deps,
  signal: AbortSignal,
): Promise<Next> {
  if (outcome.kind === 'failed' && outcome.failure instanceof Cancelled) return cancelled(outcome.failure, deps);
  const verdict = judge(outcome);
  const settled = await account(key, intent, outcome, verdict, deps);
  countFailure(outcome, deps);
  deps.metrics.outcome(verdict.reason);
  if (outcome.kind === 'failed' && isNoNews(intent, outcome.failure, deps)) {
    deps.log.warn(
      { intent: key, reason: verdict.reason, error: verdict.message },
      'the package stands, and was not looked at',
    );
    return settled ?? verdict.next;
  }
  try {
    const context = { rootId: deps.rootId(), now: deps.clock.now() };
    const reported = await report(intent, outcome, context, deps.reporter, signal);
    deps.metrics.statusWrite(reported.written ? 'written' : 'equal');
    if (reported.written && outcome.kind === 'failed') countDenial(outcome, deps);
    log(key, outcome, reported.written, deps);
    tell(intent, outcome, verdict, reported, deps);
    return settled ?? verdict.next;
  } catch (thrown) {
    log(key, outcome, true, deps);
    return reportFailed(intent, thrown, settled ?? verdict.next, deps);
  }
}

/** A server that does not answer for now says nothing of a package that stands: its status would only flip and come back. */
function isNoNews({ metadata: { generation }, status }: PatchIntent, { reason }: Failure, deps: Deps): boolean {
  return (
    reason === 'ApiUnavailable' &&
    status?.package?.generation === generation &&
    status.package.root === deps.rootId() &&
    status.conditions?.some(
      ({ type, status: is, observedGeneration }) =>
        type === 'Ready' && is === 'True' && observedGeneration === generation,
    ) === true
  );
}

/** Tells the gate what the run means for the package. Resolves to what to do next where that failed, else to undefined. */
async function account(
  key: string,
  intent: PatchIntent,
  outcome: Outcome,
  verdict: Verdict,
  deps: Deps,
): Promise<Next | undefined> {
  const { collection } = deps;
  const claimed = intent.status?.package !== undefined;
  if (outcome.kind === 'published') collection.published(key);
  else if (verdict.reconciling && !claimed && mayHaveWritten(outcome)) collection.publishFailed(key);
  // A list that came meanwhile has found it gone, and may have had its doubts: this run's older view is no answer to them.
  if (!isThere(key, intent, deps)) return undefined;
  if (outcome.kind !== 'published' && !verdict.reconciling) return withdraw(key, intent, deps);
  // A failure that passes is no wish to publish nothing.
  if (outcome.kind === 'published' || claimed) collection.present(key);
  return undefined;
}

const mayHaveWritten = (outcome: Outcome): boolean =>
  outcome.kind === 'failed' && outcome.reached !== undefined && 'package' in outcome.reached;

/** Whether the newest view still has this very intent; its deletion has queued the key anew. */
const isThere = (key: string, { metadata }: PatchIntent, { intents }: Deps): boolean =>
  intents.get(key)?.metadata.uid === metadata.uid;

/** A change that was let through and did not come about. */
function countFailure(outcome: Outcome, deps: Deps): void {
  if (outcome.kind !== 'failed' || outcome.reached === undefined || !('considered' in outcome.reached)) return;
  const { applying, input, published } = outcome.reached.considered;
  const failed = 'package' in outcome.reached || isRefusal(outcome.failure);
  if (failed && !published) deps.world.books.failed(applying, input.intent.id);
}

/** Once per refusal that the status tells of, whichever rules it has. */
function countDenial({ reached }: Extract<Outcome, { kind: 'failed' }>, deps: Deps): void {
  if (reached === undefined || !('considered' in reached)) return;
  for (const rule of deniedBy(reached.considered)) deps.metrics.denied(rule);
}

/** `due` is when the outcome itself asks for another look. */
function reportFailed(intent: PatchIntent, thrown: unknown, due: Next, deps: Deps): Next {
  const key = keyOf(intent.metadata);
  const failure = asFailure(thrown);
  if (failure instanceof Cancelled) return cancelled(failure, deps);
  deps.metrics.statusWrite(failure instanceof Conflict ? 'conflict' : 'failed');
  const fields = { intent: key, reason: failure.reason, error: failure.message };
  if (failure instanceof Conflict) deps.log.debug(fields, 'status not written: the intent moved');
  else deps.log.warn(fields, 'status not written');
  if (failure instanceof Rejected) {
    // The status cannot say it, so an Event must; the spec has to change before another try to write it makes sense.
    tellRefused(intent, failure, deps);
    return due;
  }
  const wait = failure instanceof Transient ? failure.retryAfterMs : undefined;
  return wait === undefined ? BACKOFF : after(wait);
}

function cancelled(failure: Failure, deps: Deps): Next {
  if (failure.reason === 'LeadershipLost') deps.leadershipLost(failure.message);
  return DONE;
}

/** A failure that its status tells already is no news at every resync. */
function log(key: string, outcome: Outcome, news: boolean, deps: Deps): void {
  if (outcome.kind === 'published') {
    const { published, package: pkg, considered } = outcome.delivered;
    const fields = { intent: key, digest: pkg.digest, change: considered.live.summary, outcome: published.outcome };
    if (published.outcome !== 'unchanged') deps.log.info(fields, 'package published');
  } else if (outcome.kind === 'failed') {
    const { reason, message, class: kind } = outcome.failure;
    const fields = { intent: key, reason, class: kind, error: message };
    if (news) deps.log.warn(fields, 'intent not published');
    else deps.log.debug(fields, 'intent still not published');
  }
}
