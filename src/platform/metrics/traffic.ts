import { childrenOf, type Series } from './series.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const RESTART_CAUSES = [
  'ended',
  'cut',
  'failed',
  'absent',
  'forbidden',
  'expired',
  'undecodable-line',
  'error-event',
  'out-of-order',
  'silence',
  'relist-asked',
  'refused',
  'other',
] as const;
const WATCH_EVENTS = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'] as const;
const DROP_CAUSES = ['rate', 'queue', 'stopped', 'forbidden', 'rejected', 'gone', 'unavailable', 'other'] as const;

/** The known value, or `other`: labels stay bounded whatever is told. */
const knownOr = <V extends string>(values: readonly V[], value: string, other: V): V =>
  values.find((it) => it === value) ?? other;

export interface ResponseSeen {
  readonly method: string;
  /** Undefined where no answer came. */
  readonly status: number | undefined;
}

/** Series about the requests of the client. `<error>` is the word of client-go for "no answer". */
export function restClientSeries({ counter }: Series, host: string): (seen: ResponseSeen) => void {
  const requests = counter(
    'rest_client_requests_total',
    'Number of HTTP requests, partitioned by status code, method, and host.',
    ['code', 'method', 'host'],
  );
  for (const method of METHODS) requests.labels({ code: '200', method, host }).inc(0);
  return ({ method, status }) => {
    const known = METHODS.find((it) => it === method);
    if (known) requests.labels({ code: status === undefined ? '<error>' : String(status), method: known, host }).inc();
  };
}

export interface WatchSeries {
  listed(info: { readonly ok: boolean; readonly items: number; readonly durationMs: number }): void;
  event(type: string): void;
  watchEnded(cause: string): void;
  undecodable(): void;
}

/** Series about lists and watches. */
export function watchSeries({ counter, gauge }: Series): WatchSeries {
  const restarts = counter('patchgen_watch_restarts_total', 'Times that a watch began anew, by cause', ['cause']);
  const restart = childrenOf(RESTART_CAUSES, (cause) => restarts.labels({ cause }));
  const lists = counter('patchgen_lists_total', 'Full lists read', ['result']);
  const list = childrenOf(['ok', 'failed'], (result) => lists.labels({ result }));
  const events = counter('patchgen_watch_events_total', 'Events that watches delivered', ['type']);
  const event = childrenOf(WATCH_EVENTS, (type) => events.labels({ type }));
  const undecodable = counter(
    'patchgen_undecodable_objects_total',
    'Object versions that could not be read and were left out',
  );
  const items = gauge('patchgen_list_items', 'Objects in the last full list');
  return {
    listed: (info) => {
      list(info.ok ? 'ok' : 'failed')?.inc();
      if (info.ok) items.set(info.items);
    },
    event: (type) => event(knownOr(WATCH_EVENTS, type, 'ERROR'))?.inc(),
    watchEnded: (cause) => restart(knownOr(RESTART_CAUSES, cause, 'other'))?.inc(),
    undecodable: () => undecodable.inc(),
  };
}

export interface EventSeries {
  sent(): void;
  aggregated(): void;
  dropped(cause: string): void;
}

/** Series about the Events that we send. */
export function eventSeries({ counter }: Series): EventSeries {
  const total = counter('patchgen_events_total', 'Events by what became of them', ['result']);
  const result = childrenOf(['sent', 'aggregated', 'dropped'], (it) => total.labels({ result: it }));
  const dropped = counter('patchgen_events_dropped_total', 'Events given up, by cause', ['cause']);
  const drop = childrenOf(DROP_CAUSES, (cause) => dropped.labels({ cause }));
  return {
    sent: () => result('sent')?.inc(),
    aggregated: () => result('aggregated')?.inc(),
    dropped: (cause) => {
      result('dropped')?.inc();
      drop(knownOr(DROP_CAUSES, cause, 'other'))?.inc();
    },
  };
}
