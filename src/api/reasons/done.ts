import type { ReasonEntry } from './entry.ts';

/** How a run ends well, and what a person asked for. */
export const DONE_REASONS = {
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
} as const satisfies Record<string, ReasonEntry>;
