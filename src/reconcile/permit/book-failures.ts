import { Cancelled, Transient } from '../../api/errors.ts';
import { ApiError } from '../../platform/kubernetes/client.ts';
import { refusalText } from '../status/refusal.ts';

// Why a policy's book was not written.

export const isGone = (name: string): Transient => new Transient('PolicyUnavailable', `policy ${name} is gone`);

export const shuttingDown = (): Cancelled => new Cancelled('ShuttingDown', 'the process is shutting down');

export const tooLate = (cause?: unknown): Cancelled =>
  new Cancelled('LeadershipLost', 'the lease ran out before the change was counted', { cause });

/** The server did not take it, or nobody knows whether it did. */
export function notWritten(name: string, error: unknown): Transient {
  const why = error instanceof ApiError ? refusalText(error) : error instanceof Error ? error.message : String(error);
  const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
  return new Transient('PolicyUnavailable', `what policy ${name} has counted could not be written: ${why}`, {
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
