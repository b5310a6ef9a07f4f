/** From the mildest to the strictest. */
export const DECISIONS = Object.freeze(['Allow', 'Warn', 'Approval', 'Wait', 'Refuse'] as const);

/**
 * Allow: go ahead · Warn: go ahead, and tell the reviewer · Approval: people must agree first · Wait: not now, and nobody
 * has to change the intent · Refuse: not this change.
 */
export type Decision = (typeof DECISIONS)[number];

/** What people must do before the change may go ahead: the most that any policy asks for. */
export interface ApprovalRequirement {
  /** How many people. */
  readonly approvals: number;
  /** How long an approval holds, in milliseconds. */
  readonly timeToLiveMs: number;
  /** Whether the author of the intent may be one of them. */
  readonly author: 'Allow' | 'Refuse';
}

/** What one rule of one policy says. */
export interface Opinion {
  /** The path of the rule in the spec of the policy: `replicas.max`. */
  readonly rule: string;
  readonly result: Decision;
  readonly message: string;
  /** When the reason for the result ends, where only time is needed for that. */
  readonly until?: Date;
  /** When the rule may say something else although nothing but the time has changed. Never later than that. */
  readonly edge?: Date;
  readonly approval?: ApprovalRequirement;
}

export interface Considered {
  /** Undefined: what holds where no policy says anything. */
  readonly policy: string | undefined;
  readonly rule: string;
  readonly result: Decision;
  /** For people; names policy and rule. */
  readonly message: string;
  readonly until?: Date;
}

/** A policy that does not apply, and why not. */
export interface Skipped {
  readonly policy: string;
  readonly message: string;
}

export interface Verdict {
  /** The strictest result of all that was considered; Allow where nothing was. */
  readonly decision: Decision;
  /** By the name of the policy, then in the order of the rules. */
  readonly considered: readonly Considered[];
  readonly skipped: readonly Skipped[];
  /** The messages of the result Warn, for the reviewer. */
  readonly warnings: readonly string[];
  /** Present when any policy asks for approval, also where something stricter decides. */
  readonly approval?: ApprovalRequirement;
  /** The earliest moment at which time alone can change the verdict; absent when it never can. */
  readonly retryAt?: Date;
  /** What the verdict rests on beside the change and its base: part of the plan digest. No times. */
  readonly inputs: VerdictInputs;
}

export interface VerdictInputs {
  /** The policies that apply, by name. */
  readonly policies: readonly { readonly name: string; readonly uid?: string; readonly generation?: number }[];
  readonly autoscaler?: string;
  readonly owner?: string;
  readonly approval?: ApprovalRequirement;
}

/** The strictest of some decisions; Allow of none. */
export function strictest(decisions: readonly Decision[]): Decision {
  return DECISIONS[Math.max(0, ...decisions.map((decision) => DECISIONS.indexOf(decision)))] ?? 'Refuse';
}
