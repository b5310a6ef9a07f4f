import type { ApprovalRequirement } from '../../policy/verdict.ts';

/** A PatchApproval as far as it is read. */
export interface Approval {
  readonly name: string;
  readonly uid: string;
  readonly createdAt: Date;
  readonly planDigest: string;
  readonly decision: 'Approve' | 'Reject';
  readonly approver: string;
}

/** What is asked of people, and what they have said. */
export interface ApprovalQuestion {
  readonly intent: { readonly namespace: string; readonly name: string };
  readonly requirement: ApprovalRequirement;
  readonly planDigest: string;
  /** The digest that the status tells for this very spec, from before this look. */
  readonly toldDigest?: string;
  /** The author of the intent, where the intent says so. */
  readonly requestedBy?: string;
  readonly intentCreatedAt: Date;
  readonly approvals: readonly Approval[];
  /** `not-asked`: approvals count unguarded, by setting. */
  readonly guard: { readonly trustedSince: Date } | { readonly broken: string } | 'not-asked';
  /** The message of a rejection that the status already tells of for this generation of the spec. */
  readonly rejected?: string;
  readonly now: Date;
}

export type ApprovalState =
  | { readonly given: true; readonly reason: 'Approved'; readonly message: string }
  | {
      readonly given: false;
      readonly reason:
        | 'AwaitingApproval'
        | 'ApprovalStale'
        | 'ApprovalExpired'
        | 'ApprovalNotCounted'
        | 'ApprovalUnguarded'
        | 'ApprovalRejected';
      /** How many are there of how many, why others do not count, and what to do: for `kubectl get pi`. */
      readonly message: string;
      /** When time alone changes this: an approval that counts now will be too old. */
      readonly until?: Date;
      /** Nothing counts, because the guard is not in force. No watch tells when it is again. */
      readonly unguarded?: true;
    };
