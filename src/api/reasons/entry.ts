import type { ErrorClass } from '../error-class.ts';

/** The step of the path at which a reason arises. */
export type Step = 'validate' | 'plan' | 'admit' | 'rehearse' | 'render' | 'publish' | 'report' | 'collect' | 'run';

export interface ReasonEntry {
  /** `Success` for outcomes that are no error. */
  readonly class: ErrorClass | 'Success';
  readonly step: Step;
  /** The type of the Event that tells of it, or null where none is sent. */
  readonly event: 'Normal' | 'Warning' | null;
  /** What happened, one sentence for the reader of the docs. */
  readonly summary: string;
  /** What to do about it. */
  readonly action: string;
}
