import { Failure, Transient } from '../api/errors.ts';
import { REASONS, type Reason } from '../api/reasons.ts';
import { ApiError, ConnectionError } from '../platform/kubernetes/client.ts';
import { after, BACKOFF, DONE, type Next } from './next.ts';
import type { Delivered, Reached, Rendered } from './path.ts';

/** How a run over one intent ended. `reached` is the furthest step that a failed run reached. */
export type Outcome =
  | { readonly kind: 'published'; readonly delivered: Delivered }
  | { readonly kind: 'dry-run'; readonly rendered: Rendered }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly reached: Reached | undefined };

/** What an outcome means for the summary condition and for the next look. */
export interface Verdict {
  readonly ready: 'True' | 'False';
  readonly reason: Reason;
  readonly message: string;
  /** A terminal error: nothing happens until the spec changes. */
  readonly stalled: boolean;
  /** Work goes on: another try is due. */
  readonly reconciling: boolean;
  readonly next: Next;
}

/** How long something that waits for a person or for the outside is left alone. */
const WAITING_MS = 60_000;

/** The one place that turns an outcome into the words of the status and the time of the next look. */
export function judge(outcome: Outcome): Verdict {
  switch (outcome.kind) {
    case 'published': {
      const { considered, intent } = outcome.delivered;
      const where = `${intent.metadata.namespace}/${intent.metadata.name}`;
      return settled('True', 'PackageWritten', `${considered.live.summary}: package ${where} is on disk`);
    }
    case 'dry-run':
      return settled('True', 'DryRun', `${outcome.rendered.considered.live.summary}: dry run, nothing is written`);
    case 'suspended':
      return settled('False', 'Suspended', 'suspended by spec.suspend; the package stays as it is');
    case 'failed':
      return judgeFailure(outcome.failure);
  }
}

function settled(ready: 'True' | 'False', reason: Reason, message: string): Verdict {
  return { ready, reason, message, stalled: false, reconciling: false, next: DONE };
}

function judgeFailure(failure: Failure): Verdict {
  const words = { ready: 'False', reason: failure.reason, message: failure.message } as const;
  switch (failure.class) {
    case 'Rejected':
      return { ...words, stalled: true, reconciling: false, next: DONE };
    case 'Waiting':
      return { ...words, stalled: false, reconciling: false, next: after(failure.retryAfterMs ?? WAITING_MS) };
    case 'Transient':
    case 'Conflict': {
      const next = failure.retryAfterMs === undefined ? BACKOFF : after(failure.retryAfterMs);
      return { ...words, stalled: false, reconciling: true, next };
    }
    case 'Cancelled':
      return { ...words, stalled: false, reconciling: true, next: DONE };
  }
}

/** Makes a `Failure` of whatever was thrown. Stands here and nowhere else. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof ApiError) {
    const forbidden = thrown.status === 401 || thrown.status === 403;
    return new Transient(forbidden ? 'ApiForbidden' : 'ApiUnavailable', thrown.message, {
      cause: thrown,
      ...(thrown.retryAfterMs === undefined ? {} : { retryAfterMs: thrown.retryAfterMs }),
    });
  }
  if (thrown instanceof ConnectionError) return new Transient('ApiUnavailable', thrown.message, { cause: thrown });
  return new Transient('InternalError', `unexpected error: ${describe(thrown)}`, { cause: thrown });
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'a value that is no error was thrown';
}

/** The Event type of a reason, or null where none is told. */
export const eventTypeOf = (reason: Reason): 'Normal' | 'Warning' | null => REASONS[reason].event;
