/** What an Event is about: any object, by reference. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly fieldPath?: string;
}

export interface EmittedEvent {
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** One CamelCase word, as in the condition. */
  readonly reason: string;
  /** What we did or tried, one CamelCase word. */
  readonly action: string;
  /** For people; cut to 1,024 bytes. */
  readonly note: string;
}

export interface Reporter {
  /** A qualified name: `patchgen.dev/controller`. */
  readonly reportingController: string;
  readonly reportingInstance: string;
}

export interface Series {
  /** How often in all; the API has no series below 2. */
  readonly count: number;
  readonly lastObservedTime: string;
}

/** Limits of the API server, in bytes (`k8s.io/kubernetes/pkg/apis/core/validation/events.go`). */
const NOTE_BYTES = 1024;
const WORD_BYTES = 128;
/** Room for a dot and 16 hex digits within the 253 characters of an object name. */
const NAME_PREFIX = 236;

/** The body of an events.k8s.io/v1 Event. Times are in microseconds, as the server demands. */
export function eventBody(
  event: EmittedEvent,
  reporter: Reporter,
  made: { readonly name: string; readonly eventTime: string; readonly series?: Series },
): object {
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: made.name, namespace: eventNamespace(event.regarding) },
    eventTime: made.eventTime,
    reportingController: reporter.reportingController,
    reportingInstance: cut(reporter.reportingInstance, WORD_BYTES),
    regarding: event.regarding,
    ...(event.related === undefined ? {} : { related: event.related }),
    type: event.type,
    reason: cut(event.reason, WORD_BYTES),
    action: cut(event.action, WORD_BYTES),
    note: cut(event.note, NOTE_BYTES),
    ...(made.series === undefined ? {} : { series: made.series }),
  };
}

/** Events stand beside their object; those of cluster-scoped objects in `default`, as the server demands. */
export function eventNamespace(regarding: ObjectReference): string {
  return regarding.namespace ?? 'default';
}

/** A name that is free: the object's, cut where need be, and 16 random hex digits. */
export function eventName(regarding: ObjectReference, hex: string): string {
  return `${regarding.name.slice(0, NAME_PREFIX).replace(/[^a-z0-9]+$/, '')}.${hex}`;
}

/** At most `bytes` bytes of UTF-8, cut between two code points, with an ellipsis where something was cut. */
function cut(text: string, bytes: number): string {
  const whole = text.toWellFormed();
  if (Buffer.byteLength(whole) <= bytes) return whole;
  const room = Buffer.from(whole).subarray(0, bytes - 3);
  // A code point that was cut in two decodes to U+FFFD at the end.
  return `${room.toString('utf8').replace(/\uFFFD+$/, '')}…`;
}
