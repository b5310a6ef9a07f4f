/**
 * - `listing`, `watching`: at work.
 * - `waiting`: a pause after a failure.
 * - `kind-absent`: the server does not serve the kind (404 of the collection); looked at again with backoff.
 */
export type ReflectorState = 'listing' | 'watching' | 'waiting' | 'kind-absent' | 'stopped';

/** Why the view of the server has a hole that only a new list can close. */
export type Gap =
  | 'expired'
  | 'undecodable-line'
  | 'error-event'
  | 'out-of-order'
  | 'silence'
  | 'relist-asked'
  | 'refused';

/** How a list or a watch came out. `heldMs` and `progressed` say whether the watch was worth anything. */
export type Outcome =
  | { readonly kind: 'listed' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'forbidden'; readonly retryAfterMs?: number | undefined }
  | { readonly kind: 'failed'; readonly retryAfterMs?: number | undefined }
  | { readonly kind: 'ended'; readonly heldMs: number; readonly progressed: boolean; readonly cut: boolean }
  | { readonly kind: 'gap'; readonly gap: Gap; readonly heldMs: number };

export interface Position {
  readonly next: 'list' | 'watch';
  /** Failures in a row; decides the length of the pause. */
  readonly attempt: number;
  /** The kind was absent, and no full list has succeeded since. */
  readonly kindAbsent: boolean;
  /** Pause before `next`. */
  readonly delayMs: number;
}

export interface ReflectorTiming {
  /** Pauses are drawn from 0 up to `backoffBaseMs` doubled per failure, at most `backoffMaxMs` ("full jitter"). */
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** A watch without a byte for this long is dead: bookmarks come about once a minute. */
  readonly silenceMs: number;
  /** A watch that held this long forgives the failures before it. */
  readonly stableMs: number;
  /** The server is asked to end a watch after one to two times this, so that watches spread over its replicas. */
  readonly watchMs: number;
  readonly listTimeoutMs: number;
}

export const DEFAULT_TIMING: ReflectorTiming = {
  backoffBaseMs: 800,
  backoffMaxMs: 30_000,
  silenceMs: 90_000,
  stableMs: 10_000,
  watchMs: 300_000,
  listTimeoutMs: 60_000,
};

// A server may ask for patience, but not switch the reflector off.
const MAX_RETRY_AFTER_MS = 300_000;

export const START: Position = { next: 'list', attempt: 0, kindAbsent: false, delayMs: 0 };

/** Where to go after an outcome. `fraction` is the dice for the jitter, in [0, 1). */
export function step(at: Position, outcome: Outcome, timing: ReflectorTiming, fraction: number): Position {
  const pause = (attempt: number): number =>
    fraction * Math.min(timing.backoffMaxMs, timing.backoffBaseMs * 2 ** Math.min(attempt, 20));
  const again = (next: 'list' | 'watch', retryAfterMs = 0): Position => ({
    next,
    attempt: at.attempt + 1,
    kindAbsent: at.kindAbsent,
    delayMs: Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) + pause(at.attempt),
  });

  switch (outcome.kind) {
    // The failures before are forgiven by a watch that holds, not by a list: a server that lists well and breaks every
    // watch would be listed in a hot loop.
    case 'listed':
      return { ...at, next: 'watch', kindAbsent: false, delayMs: 0 };
    case 'absent':
      return { ...again('list'), kindAbsent: true };
    case 'forbidden':
    case 'failed':
      return again(at.next, outcome.retryAfterMs);
    case 'ended': {
      const good = outcome.progressed || outcome.heldMs >= timing.stableMs;
      if (!good) return again('watch');
      // After a cut, all who watched that server come back at once, unless each waits a little.
      return { ...at, next: 'watch', attempt: 0, delayMs: outcome.cut ? pause(0) : 0 };
    }
    case 'gap': {
      if (outcome.gap === 'relist-asked') return { ...at, next: 'list', delayMs: 0 };
      const attempt = outcome.heldMs >= timing.stableMs ? 0 : at.attempt;
      return { ...at, next: 'list', attempt: attempt + 1, delayMs: pause(attempt) };
    }
  }
}
