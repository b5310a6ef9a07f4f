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

export interface RestClientSeries {
  /** An answer came with this status, or none did. */
  answered(method: string, status: number | undefined): void;
}

/** Series about the requests to one host. `<error>` is the word of client-go for "no answer". */
export function restClientSeries({ counter }: Series): (host: string) => RestClientSeries {
  const requests = counter(
    'rest_client_requests_total',
    'Number of HTTP requests, partitioned by status code, method, and host.',
    ['code', 'method', 'host'],
  );
  return (host) => {
    for (const method of METHODS) requests.labels({ code: '200', method, host }).inc(0);
    return {
      answered: (method, status) => {
        const known = METHODS.find((it) => it === method);
        const code = status === undefined ? '<error>' : String(status);
        if (known) requests.labels({ code, method: known, host }).inc();
      },
    };
  };
}

export interface WatchSeries {
  /** A watch ended and begins anew. Causes outside the known ones count as `other`. */
  restarted(cause: string): void;
  /** The watch showed that it is alive: an event, a bookmark, or a list. */
  contact(): void;
  /** A version of an object could not be read and was left out. */
  undecodable(): void;
  /** Sets the series that depend on the time of the scrape. */
  refresh(): void;
}

/** Series about the watches of one kind. `monotonic` is in milliseconds. */
export function watchSeries({ counter, gauge }: Series, monotonic: () => number): (resource: string) => WatchSeries {
  const by = ['resource'] as const;
  const restarts = counter('patchgen_watch_restarts_total', 'Times that a watch began anew, by cause', [
    'resource',
    'cause',
  ]);
  const contacts = gauge(
    'patchgen_watch_last_contact_seconds',
    'Seconds since a watch last showed that it is alive',
    by,
  );
  const unread = counter(
    'patchgen_undecodable_objects_total',
    'Versions of objects that could not be read and were left out',
    by,
  );
  return (resource) => {
    const restart = childrenOf(RESTART_CAUSES, (cause) => restarts.labels({ resource, cause }));
    const [contact, undecodable] = [contacts.labels({ resource }), unread.labels({ resource })];
    const last = { at: monotonic() };
    return {
      restarted: (cause) => restart(RESTART_CAUSES.find((it) => it === cause) ?? 'other')?.inc(),
      contact: () => {
        last.at = monotonic();
      },
      undecodable: () => undecodable.inc(),
      refresh: () => contact.set((monotonic() - last.at) / 1000),
    };
  };
}
