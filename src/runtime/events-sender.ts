import { type Clock, sleep } from '../platform/clock.ts';
import { ApiError, type ApiRequest, type KubeClient } from '../platform/kubernetes/client.ts';
import type { Random } from '../platform/random.ts';
import { backoffMs } from './backoff.ts';
import { type EmittedEvent, eventBody, eventName, eventNamespace, type Reporter } from './events-wire.ts';

/** One Event on its way or on the server, and how often it has happened since. */
export interface Occurrence {
  readonly event: EmittedEvent;
  readonly eventTime: string;
  /** Undefined until the first attempt to create it. */
  name: string | undefined;
  count: number;
  lastObservedTime: string;
  /** The count that the server knows; 0 before the Event exists. */
  sentCount: number;
}

/** Why an Event was given up. */
export type Refusal = 'forbidden' | 'rejected' | 'gone' | 'unavailable';

export type Sent = { readonly ok: true } | { readonly ok: false; readonly why: Refusal; readonly error: unknown };

export interface SenderOptions extends Reporter {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

const ATTEMPTS = 3;
const BETWEEN = { baseMs: 1000, maxMs: 8000 };
const LONGEST_RETRY_AFTER_MS = 10_000;
const TIMEOUT_MS = 10_000;
/** Nobody reads the answer; the metadata alone is a third of it. */
const ACCEPT = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/**
 * Creates the Event, or tells the server of its series. An outage is waited for a little (three attempts); a refusal is
 * final. Never rejects.
 */
export async function send(occurrence: Occurrence, options: SenderOptions): Promise<Sent> {
  for (let attempt = 1; ; attempt += 1) {
    const count = occurrence.count;
    try {
      await options.client.request(requestFor(occurrence, options));
      occurrence.sentCount = count;
      return { ok: true };
    } catch (error) {
      if (isLostAnswer(error, occurrence)) {
        occurrence.sentCount = 1;
        return { ok: true };
      }
      const why = refusalOf(error);
      if (why === 'gone' && occurrence.sentCount > 0) {
        // Events live for an hour. The series goes on as a new one.
        occurrence.sentCount = 0;
        occurrence.name = undefined;
      } else if (why !== 'unavailable') return { ok: false, why, error };
      if (attempt === ATTEMPTS || options.signal.aborted) return { ok: false, why, error };
      if (why === 'unavailable') await pause(attempt, error, options);
    }
  }
}

function requestFor(occurrence: Occurrence, options: SenderOptions): ApiRequest {
  const { event, count, lastObservedTime } = occurrence;
  const path = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(eventNamespace(event.regarding))}/events`;
  const series = count < 2 ? {} : { series: { count, lastObservedTime } };
  const rest = { accept: ACCEPT, signal: options.signal, timeoutMs: TIMEOUT_MS };
  const name = occurrence.name ?? eventName(event.regarding, options.random.hex(8));
  occurrence.name = name;
  if (occurrence.sentCount > 0) {
    return { method: 'PATCH', path: `${path}/${encodeURIComponent(name)}`, body: series, ...rest };
  }
  const body = eventBody(event, options, { name, eventTime: occurrence.eventTime, ...series });
  return { method: 'POST', path, body, ...rest };
}

/** The Event that we want to create is there: an earlier attempt was carried out and its answer got lost. */
function isLostAnswer(error: unknown, occurrence: Occurrence): boolean {
  return error instanceof ApiError && error.reason === 'AlreadyExists' && occurrence.sentCount === 0;
}

/** 403 is missing RBAC or a terminating namespace; 404 a namespace (or an Event) that is gone. */
function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ApiError)) return 'unavailable';
  if (error.status === 403) return 'forbidden';
  if (error.status === 404) return 'gone';
  return error.status === 401 || error.status === 429 || error.status >= 500 ? 'unavailable' : 'rejected';
}

async function pause(attempt: number, error: unknown, options: SenderOptions): Promise<void> {
  const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
  const ms = Math.max(backoffMs(attempt - 1, BETWEEN, options.random), Math.min(asked, LONGEST_RETRY_AFTER_MS));
  await sleep(options.clock, ms, options.signal).catch(() => {});
}
