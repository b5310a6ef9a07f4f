import type { ErrorClass } from './error-class.ts';
import type { Reason } from './reasons.ts';

export type { ErrorClass } from './error-class.ts';

export interface FailureOptions {
  readonly cause?: unknown;
  /** Milliseconds until the next try. The class default holds where it is absent. */
  readonly retryAfterMs?: number;
}

/** The base of every error that the steps throw on purpose. `reason` is a row of the reason table. */
export abstract class Failure extends Error {
  abstract readonly class: ErrorClass;
  readonly reason: Reason;
  readonly retryAfterMs: number | undefined;

  constructor(reason: Reason, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export class Rejected extends Failure {
  readonly class = 'Rejected';
}
export class Waiting extends Failure {
  readonly class = 'Waiting';
}
export class Transient extends Failure {
  readonly class = 'Transient';
}
export class Conflict extends Failure {
  readonly class = 'Conflict';
}
export class Cancelled extends Failure {
  readonly class = 'Cancelled';
}

const CLASSES = { Rejected, Waiting, Transient, Conflict, Cancelled } as const;

/** Builds a failure of the named class: how errors that crossed a thread boundary become errors again. */
export function failureOf(kind: ErrorClass, reason: Reason, message: string, options?: FailureOptions): Failure {
  return new CLASSES[kind](reason, message, options);
}
