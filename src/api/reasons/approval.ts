import type { ReasonEntry } from './entry.ts';

/** What people have said to a plan. */
export const APPROVAL_REASONS = {
  AwaitingApproval: {
    class: 'Waiting',
    step: 'admit',
    event: 'Normal',
    summary: 'A policy wants people to agree to the plan first.',
    action: 'Look at the plan and decide: `patchgen approve NAME` or `patchgen reject NAME`.',
  },
  ApprovalStale: {
    class: 'Waiting',
    step: 'admit',
    event: 'Warning',
    summary:
      'There are approvals, but of another plan: spec, policy, package format or live target have changed since.',
    action: 'Look at the plan as it is now, and approve it again.',
  },
  ApprovalExpired: {
    class: 'Waiting',
    step: 'admit',
    event: 'Warning',
    summary: 'There are approvals, but they are older than the policy lets them count.',
    action: 'Approve again.',
  },
  ApprovalNotCounted: {
    class: 'Waiting',
    step: 'admit',
    event: 'Warning',
    summary:
      'There are approvals that may not count: by the author of the intent, or given before the intent was there.',
    action: 'Have somebody else approve, after the plan was made.',
  },
  ApprovalUnguarded: {
    class: 'Waiting',
    step: 'admit',
    event: 'Warning',
    summary:
      'Approvals do not count, because the admission policy that keeps approvers from using a foreign name is missing or changed, or was when they were given.',
    action:
      'Install the admission policies of the chart as they are, where the message asks for it, and approve again.',
  },
  ApprovalRejected: {
    class: 'Rejected',
    step: 'admit',
    event: 'Warning',
    summary: 'Somebody rejected the plan. That holds until the spec changes.',
    action: 'Talk to whoever rejected it, and change the spec.',
  },
  Approved: {
    class: 'Success',
    step: 'admit',
    event: null,
    summary: 'As many people as the policies want have approved this very plan.',
    action: 'Nothing.',
  },
} as const satisfies Record<string, ReasonEntry>;
