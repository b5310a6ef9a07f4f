import type { ReasonEntry } from './entry.ts';

/** What stands between a spec and its plan. */
export const PLAN_REASONS = {
  UnsupportedTargetKind: {
    class: 'Rejected',
    step: 'plan',
    event: 'Warning',
    summary: 'The intent type does not work on the target kind.',
    action: 'Use a kind that the message names, or a custom kind with a scale subresource over `.spec.replicas`.',
  },
  StrictMode: {
    class: 'Rejected',
    step: 'admit',
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
    step: 'admit',
    event: 'Warning',
    summary: 'The target does not exist, and strict mode lets nothing through without it.',
    action: 'Create the target, or correct its name; the operator looks again every minute.',
  },
  TargetUnreadable: {
    class: 'Waiting',
    step: 'admit',
    event: 'Warning',
    summary:
      'The operator may not read the target, or ask for a dry run of the patch, and strict mode lets nothing through without that.',
    action:
      'Grant what the message names, in the chart by the value that it names; the operator looks again every minute.',
  },
  DryRunRefused: {
    class: 'Waiting',
    step: 'rehearse',
    event: 'Warning',
    summary:
      'The API server would refuse the patch: a quota, a webhook or an admission policy stands against it. In strict mode also: it would warn.',
    action: 'Settle what the message names, or change the intent; the operator asks again every minute.',
  },
} as const satisfies Record<string, ReasonEntry>;
