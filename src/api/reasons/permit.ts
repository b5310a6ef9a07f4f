import type { ReasonEntry } from './entry.ts';

/** What keeps a plan from going ahead, people aside. */
export const PERMIT_REASONS = {
  TargetNotAllowed: {
    class: 'Rejected',
    step: 'admit',
    event: 'Warning',
    summary:
      'The target namespace is not the namespace of the intent, and no policy and consent let the intent reach there.',
    action:
      'Create the intent in the target namespace; or have a policy name it in `targetNamespaces`, the namespace consent by its label, and `--allowed-target-namespaces` not leave it out.',
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
    action:
      'Wait: until the time in the message, or, where others may be first, until one of the changes of the last hour is an hour old. The change goes ahead by itself.',
  },
  StormBrake: {
    class: 'Waiting',
    step: 'admit',
    event: 'Warning',
    summary: 'Too many changes under a policy failed within a short time, so the rest waits for a cool-down.',
    action: 'Find out why the others failed; this one goes ahead by itself after the time in the message.',
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
} as const satisfies Record<string, ReasonEntry>;
