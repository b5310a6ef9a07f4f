import type { ReasonEntry } from './entry.ts';

/** What happens to a run, whatever its intent. */
export const RUN_REASONS = {
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
