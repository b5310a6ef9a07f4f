import { Cancelled, Conflict, Rejected } from '../../api/errors.ts';
import type { PatchIntent, PatchIntentStatus } from '../../api/types.ts';
import { ApiError } from '../../platform/kubernetes/client.ts';
import type { IntentApi } from '../intent-api.ts';
import { keyOf } from '../key.ts';
import type { Outcome } from '../outcome.ts';
import { desiredStatus, type ReportContext } from './desired.ts';
import type { StatusEchoes } from './echoes.ts';
import { sameStatus } from './equal.ts';
import { refusalText } from './refusal.ts';

export interface Reporter {
  readonly api: Pick<IntentApi, 'get' | 'putStatus'>;
  /** Told of every write under way, so that its echo in the watch is known. */
  readonly echoes: Pick<StatusEchoes, 'begin' | 'end'>;
  /** Told of every write, so that no later run acts on an older view. */
  wrote(key: string, resourceVersion: string): void;
  /** False once the lease may have passed to another replica. */
  mayWrite(): boolean;
}

export type Report =
  /** The status says it already. */
  | { readonly written: false }
  /** `intent` is the version that the new status replaced. */
  | { readonly written: true; readonly intent: PatchIntent; readonly status: PatchIntentStatus };

const CONFLICT_TRIES = 3;

/**
 * Writes what the outcome asks for, once, and only when it says something new. On 409 the live object is read: if only
 * its status or metadata moved the write is repeated on top of it; if its generation or uid moved nothing is written and
 * `Conflict` is thrown, since the outcome is about another spec. Throws `Rejected` when the server refuses every status of
 * this object, and `ApiError` or `ConnectionError` for the rest.
 */
export async function report(
  intent: PatchIntent,
  outcome: Outcome,
  context: ReportContext,
  to: Reporter,
  signal: AbortSignal,
): Promise<Report> {
  let current = intent;
  for (let attempt = 1; ; attempt += 1) {
    const status = desiredStatus(current, outcome, context);
    if (sameStatus(current.status ?? {}, status)) return { written: false };
    if (!to.mayWrite()) throw tooLate();
    try {
      await put(current, status, to, signal);
      return { written: true, intent: current, status };
    } catch (error) {
      if (!to.mayWrite()) throw tooLate(error);
      if (!(error instanceof ApiError) || error.status !== 409 || attempt >= CONFLICT_TRIES) throw asConflict(error);
      current = await reread(current, to, signal);
    }
  }
}

async function put(intent: PatchIntent, status: PatchIntentStatus, to: Reporter, signal: AbortSignal): Promise<void> {
  try {
    await write(intent, status, to, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422) throw error;
    // A schema that refuses our status (older or newer CRD) still lets the summary through.
    await putMinimal(intent, status, to, signal);
  }
}

async function write(intent: PatchIntent, status: PatchIntentStatus, to: Reporter, signal: AbortSignal): Promise<void> {
  const key = keyOf(intent.metadata);
  to.echoes.begin(key, status);
  try {
    to.wrote(key, await to.api.putStatus(intent, status, signal));
  } finally {
    to.echoes.end(key);
  }
}

async function putMinimal(
  intent: PatchIntent,
  status: PatchIntentStatus,
  to: Reporter,
  signal: AbortSignal,
): Promise<void> {
  try {
    await write(intent, minimal(status), to, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422) throw error;
    throw new Rejected('StatusRefused', `the API server refuses the status: ${refusalText(error)}`, { cause: error });
  }
}

function minimal(status: PatchIntentStatus): PatchIntentStatus {
  const { observedGeneration, package: claimed, conditions = [] } = status;
  return {
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(claimed === undefined ? {} : { package: claimed }),
    conditions: conditions.filter(({ type }) => type === 'Ready' || type === 'Stalled' || type === 'Reconciling'),
  };
}

async function reread(intent: PatchIntent, to: Reporter, signal: AbortSignal): Promise<PatchIntent> {
  const live = await to.api.get(keyOf(intent.metadata), signal);
  const { uid, generation } = intent.metadata;
  if (live === undefined || live.metadata.uid !== uid || live.metadata.generation !== generation) {
    throw new Conflict('StatusConflict', 'the intent changed while it was worked on');
  }
  return live;
}

function tooLate(cause?: unknown): Cancelled {
  return new Cancelled('LeadershipLost', 'the lease ran out before the status was written', { cause });
}

function asConflict(error: unknown): unknown {
  if (error instanceof ApiError && error.status === 409) {
    return new Conflict('StatusConflict', 'the intent kept changing while its status was written', { cause: error });
  }
  return error;
}
