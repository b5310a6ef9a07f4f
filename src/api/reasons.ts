import type { ErrorClass } from './error-class.ts';

/** The step of the path at which a reason arises. */
export type Step = 'validate' | 'plan' | 'admit' | 'render' | 'publish' | 'report' | 'collect' | 'run';

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

/**
 * Every reason that a condition, an Event or a metric label can carry. One word means the same in all of them,
 * and is the heading of its paragraph in docs/reasons.md.
 */
export const REASONS = {
  PackageWritten: {
    class: 'Success',
    step: 'publish',
    event: 'Normal',
    summary: 'The package for the current spec is durable on disk under the name in `status.package`.',
    action: 'Nothing. Feed the package to kustomize, kubectl or kpt.',
  },
  DryRun: {
    class: 'Success',
    step: 'render',
    event: null,
    summary: 'The intent asks for a dry run: plan and digest are in the status, and nothing was written.',
    action: 'Set `spec.dryRun` to false to publish the package.',
  },
  Valid: {
    class: 'Success',
    step: 'validate',
    event: null,
    summary: 'The spec satisfies the schema and the rules of this operator.',
    action: 'Nothing.',
  },
  Progressing: {
    class: 'Success',
    step: 'run',
    event: null,
    summary: 'The operator is working on the current spec, or will try again soon.',
    action: 'Wait; the message says for what.',
  },
  Suspended: {
    class: 'Waiting',
    step: 'validate',
    event: null,
    summary: 'The intent is suspended: its package stays as it is and nothing is planned.',
    action: 'Set `spec.suspend` to false to resume.',
  },
  InvalidSpec: {
    class: 'Rejected',
    step: 'validate',
    event: 'Warning',
    summary: 'The spec does not satisfy the schema.',
    action: 'Correct the fields that the message lists; `patchgen validate` checks them offline.',
  },
  InvalidPath: {
    class: 'Rejected',
    step: 'validate',
    event: 'Warning',
    summary: 'A name in the spec would lead outside the package root.',
    action: 'Use a plain Kubernetes name without `..`, slashes or control characters.',
  },
  UnsupportedIntentType: {
    class: 'Rejected',
    step: 'validate',
    event: 'Warning',
    summary: 'This operator does not know the intent type.',
    action: 'Use `scaling`, or upgrade the operator.',
  },
  UnsupportedTargetKind: {
    class: 'Rejected',
    step: 'plan',
    event: 'Warning',
    summary: 'The intent type does not work on the target kind.',
    action: 'Use a kind that the message names, or a custom kind with a scale subresource over `.spec.replicas`.',
  },
  TargetNotAllowed: {
    class: 'Rejected',
    step: 'admit',
    event: 'Warning',
    summary:
      'The target namespace is not the namespace of the intent, and no policy and consent let the intent reach there.',
    action:
      'Create the intent in the target namespace; or have a policy name it in `targetNamespaces`, the namespace consent by its label, and `--allowed-target-namespaces` not leave it out.',
  },
  StrictMode: {
    class: 'Rejected',
    step: 'plan',
    event: 'Warning',
    summary: 'Strict mode turns the warnings that the message lists into a refusal.',
    action: 'Cure the warnings, or run the operator without `--strict-mode`.',
  },
  PlanMade: {
    class: 'Success',
    step: 'plan',
    event: null,
    summary: 'The change was planned, against the live target where that could be read; `status.plan` has it.',
    action: 'Nothing. Warnings are in `status.plan.warnings`.',
  },
  TargetNotFound: {
    class: 'Waiting',
    step: 'plan',
    event: 'Warning',
    summary: 'The target does not exist, and strict mode plans nothing without it.',
    action: 'Create the target, or correct its name; the operator looks again every minute.',
  },
  TargetUnreadable: {
    class: 'Waiting',
    step: 'plan',
    event: 'Warning',
    summary: 'The operator may not read the target, and strict mode plans nothing without it.',
    action: 'Grant what the message names, in the chart by the value `targets`; the operator looks again every minute.',
  },
  DryRunRefused: {
    class: 'Waiting',
    step: 'plan',
    event: 'Warning',
    summary: 'The API server would refuse the patch: a quota, a webhook or an admission policy stands against it.',
    action: 'Settle what the message names, or change the intent; the operator asks again every minute.',
  },
  ManagedByAutoscaler: {
    class: 'Waiting',
    step: 'admit',
    event: 'Warning',
    summary: 'An autoscaler sets the number of replicas of the target and would undo the change.',
    action:
      'Change the bounds of the autoscaler, or take it away; a policy with `autoscaler: Warn` lets the change through.',
  },
  ConflictingIntent: {
    class: 'Waiting',
    step: 'admit',
    event: 'Warning',
    summary: 'An older intent wants another value of the same field of the same target.',
    action: 'Change or delete one of the two; this one goes ahead as soon as the other gives way.',
  },
  PolicyDenied: {
    class: 'Rejected',
    step: 'admit',
    event: 'Warning',
    summary: 'A policy does not allow the change.',
    action: 'Change the intent, or the rule of the policy that the message names; both are looked at again at once.',
  },
  PolicyUnresolved: {
    class: 'Waiting',
    step: 'admit',
    event: 'Warning',
    summary:
      'A policy applies that can not be decided: something that it needs is not known, or it is not usable itself.',
    action: 'See to what the message names: the live target, labels, or the Ready condition of the policy.',
  },
  PolicyUnavailable: {
    class: 'Transient',
    step: 'admit',
    event: 'Warning',
    summary: 'The policies, or what they have counted, could not be read or written.',
    action: 'Nothing; the operator tries again. If it lasts, look at its rights and at the API server.',
  },
  OutsideWindow: {
    class: 'Waiting',
    step: 'admit',
    event: 'Normal',
    summary: 'A change window of a policy is closed.',
    action: 'Wait until the time in the message; the change goes ahead by itself.',
  },
  RateLimited: {
    class: 'Waiting',
    step: 'admit',
    event: 'Warning',
    summary: 'A policy lets through only so many changes within an hour, and they are used up.',
    action: 'Wait until the time in the message; the change goes ahead by itself.',
  },
  StormBrake: {
    class: 'Waiting',
    step: 'admit',
    event: 'Warning',
    summary: 'Too many changes under a policy failed within a short time, so the rest waits for a cool-down.',
    action: 'Find out why the others failed; this one goes ahead by itself after the time in the message.',
  },
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
      'Approvals do not count, because the admission policy that keeps approvers from using a foreign name is missing or changed.',
    action: 'Install the admission policies of the chart as they are, and approve again.',
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
  PolicyReady: {
    class: 'Success',
    step: 'admit',
    event: null,
    summary: 'The operator can use the policy. This is a condition of a PatchPolicy.',
    action: 'Nothing.',
  },
  PolicyInvalid: {
    class: 'Rejected',
    step: 'admit',
    event: 'Warning',
    summary:
      'The operator can not use the policy; intents that it applies to wait. This is a condition of a PatchPolicy.',
    action: 'Correct the fields that the message lists; `patchgen policy test` checks them offline.',
  },
  ValidationTimeout: {
    class: 'Transient',
    step: 'validate',
    event: 'Warning',
    summary: 'Reading and checking the input took longer than `--validation-timeout`.',
    action: 'Make the document smaller, or raise the limit.',
  },
  MarshalFailed: {
    class: 'Rejected',
    step: 'render',
    event: 'Warning',
    summary: 'The package files could not be serialised.',
    action: 'Report the intent as a bug of the operator.',
  },
  UnsafePath: {
    class: 'Waiting',
    step: 'publish',
    event: 'Warning',
    summary: 'Something that the operator did not make stands where the package belongs; it was left as it is.',
    action: 'Look at the path in the message and move the foreign thing away; the operator looks again every minute.',
  },
  StorageFull: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'There is not enough space or quota on the volume of the packages.',
    action: 'Free or add space; the last good package stays and the operator tries again.',
  },
  StorageReadOnly: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The volume of the packages is read-only.',
    action: 'Remount it writable; the operator is not Ready until then.',
  },
  StorageForbidden: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The operator may not write to a path under the package root.',
    action: 'Give the path in the message to the user that the operator runs as.',
  },
  StorageIOError: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The volume of the packages reported an input/output error, or went away.',
    action: 'Check the volume; the operator writes the package anew once it answers.',
  },
  StorageBusy: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The process ran out of file descriptors or memory for file operations.',
    action: 'Raise the limit of open files; the operator tries again.',
  },
  RootUnusable: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The package root is missing, of a newer layout, unreadable, or replaced by another volume.',
    action: 'Mount the right volume, or run the operator version that wrote it.',
  },
  PublisherUnavailable: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The publisher thread did not answer.',
    action: 'Look for a hung volume; liveness fails after two minutes and restarts the operator.',
  },
  PackageRestored: {
    class: 'Success',
    step: 'publish',
    event: 'Warning',
    summary:
      'The published package was changed or removed on disk; it was written again, and what was found was kept aside.',
    action: 'Change the intent, not the package; `.patchgen/quarantine` holds the altered files.',
  },
  ReconcileTimeout: {
    class: 'Transient',
    step: 'run',
    event: 'Warning',
    summary: 'One run over the intent took longer than its deadline.',
    action: 'Look for a slow volume or API server; the operator tries again.',
  },
  InternalError: {
    class: 'Transient',
    step: 'run',
    event: 'Warning',
    summary: 'The operator hit an unexpected error on this intent.',
    action: 'Report the message and the log as a bug; other intents are not affected.',
  },
  ApiUnavailable: {
    class: 'Transient',
    step: 'report',
    event: null,
    summary: 'The API server did not answer, or refused the request for now.',
    action: 'Nothing; the operator tries again.',
  },
  ApiForbidden: {
    class: 'Transient',
    step: 'report',
    event: null,
    summary: 'The API server refuses a request that the operator needs.',
    action: 'Grant the verb and resource in the log message to the service account of the operator.',
  },
  StatusRefused: {
    class: 'Rejected',
    step: 'report',
    event: 'Warning',
    summary:
      'The API server refuses every status of this object, because a stored field has a type that the schema forbids, or before Kubernetes 1.33 breaks another rule of it.',
    action: 'Delete the object and create it anew, or correct the field that the message names.',
  },
  StatusConflict: {
    class: 'Conflict',
    step: 'report',
    event: null,
    summary: 'The intent changed while the operator worked on it.',
    action: 'Nothing; the operator reads it again.',
  },
  RemovalHeld: {
    class: 'Waiting',
    step: 'collect',
    event: 'Warning',
    summary: 'Packages without an intent are kept for now, because removing them looks like a mistake of a list.',
    action: 'Wait an hour, or confirm with the annotation that the message names.',
  },
  LeadershipLost: {
    class: 'Cancelled',
    step: 'run',
    event: null,
    summary: 'Another replica leads now; this one stops writing.',
    action: 'Nothing.',
  },
  ShuttingDown: {
    class: 'Cancelled',
    step: 'run',
    event: null,
    summary: 'The process is shutting down.',
    action: 'Nothing.',
  },
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof REASONS;
