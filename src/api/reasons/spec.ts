import type { ReasonEntry } from './entry.ts';

/** What is wrong with a spec. */
export const SPEC_REASONS = {
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
} as const satisfies Record<string, ReasonEntry>;
