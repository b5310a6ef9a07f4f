import { ApiError, ConnectionError, DecodeError, SilentConnectionError } from '../platform/kubernetes/client.ts';
import type { Outcome } from './reflector-step.ts';
import type { ListFailure } from './reflector-types.ts';
import { keyOf } from './store.ts';

/** One page of a collection, its items not looked into. */
export interface Page {
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
  readonly continue: string | undefined;
}

export interface RawMeta {
  readonly key: string;
  readonly resourceVersion: string;
}

export interface ObjectEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: unknown;
}

export type WatchEvent =
  | ObjectEvent
  | { readonly type: 'BOOKMARK'; readonly object: unknown }
  | { readonly type: 'ERROR'; readonly code: number | undefined; readonly message: string };

/** Reads a list answer. Throws DecodeError for anything that is not one: a wrong answer must never look like an empty list. */
export function pageOf(body: unknown): Page {
  const list = asRecord(body);
  const metadata = asRecord(list?.['metadata']);
  const items = list?.['items'];
  const version = metadata?.['resourceVersion'];
  if (!Array.isArray(items)) throw new DecodeError('the list has no items');
  if (typeof version !== 'string' || version === '') throw new DecodeError('the list has no resourceVersion');
  const next = metadata?.['continue'];
  return { items, resourceVersion: version, continue: typeof next === 'string' && next !== '' ? next : undefined };
}

/** Key and version of an object. Throws DecodeError where it has none. */
export function metaOf(object: unknown): RawMeta {
  const metadata = asRecord(asRecord(object)?.['metadata']);
  const name = metadata?.['name'];
  const namespace = metadata?.['namespace'];
  const resourceVersion = metadata?.['resourceVersion'];
  if (typeof name !== 'string' || name === '') throw new DecodeError('an object has no name');
  if (typeof resourceVersion !== 'string' || resourceVersion === '') {
    throw new DecodeError('an object has no resourceVersion');
  }
  return { key: keyOf({ namespace: typeof namespace === 'string' ? namespace : undefined, name }), resourceVersion };
}

/** The version that a bookmark carries. Throws DecodeError where it has none. */
export function bookmarkVersion(object: unknown): string {
  const version = asRecord(asRecord(object)?.['metadata'])?.['resourceVersion'];
  if (typeof version !== 'string' || version === '') throw new DecodeError('a bookmark has no resourceVersion');
  return version;
}

/** Reads a watch line. Throws DecodeError for a type that nobody knows. */
export function eventOf(line: unknown): WatchEvent {
  const event = asRecord(line);
  const type = event?.['type'];
  const object = event?.['object'];
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object };
    case 'BOOKMARK':
      return { type, object };
    case 'ERROR': {
      const { code, message } = asRecord(object) ?? {};
      return {
        type,
        code: typeof code === 'number' ? code : undefined,
        message: typeof message === 'string' ? message : 'an error event without a message',
      };
    }
    default:
      throw new DecodeError('a watch line is no event');
  }
}

/** What the failure of a list means. */
export function listOutcome(error: unknown): Extract<Outcome, { kind: ListFailure }> {
  if (!(error instanceof ApiError)) return { kind: 'failed' };
  if (error.status === 404) return { kind: 'absent' };
  const kind = error.status === 401 || error.status === 403 ? 'forbidden' : 'failed';
  return { kind, retryAfterMs: error.retryAfterMs };
}

// The server is overloaded, starting or out of reach: its answer says nothing about the version that was asked for.
const PASSING: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/** What the failure of a watch means. */
export function watchOutcome(error: unknown, heldMs: number, progressed: boolean): Outcome {
  if (error instanceof SilentConnectionError) return { kind: 'gap', gap: 'silence', heldMs };
  if (error instanceof ConnectionError) return { kind: 'ended', heldMs, progressed, cut: true };
  if (!(error instanceof ApiError)) return { kind: 'gap', gap: 'undecodable-line', heldMs };
  if (error.status === 410) return { kind: 'gap', gap: 'expired', heldMs };
  if (error.status === 404 || error.status === 401 || error.status === 403) return listOutcome(error);
  if (PASSING.has(error.status)) return { kind: 'failed', retryAfterMs: error.retryAfterMs };
  return { kind: 'gap', gap: 'refused', heldMs };
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
