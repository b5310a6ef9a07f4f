import { childrenOf, type Series } from './series.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const RESTART_CAUSES = [
  'ended',
  'expired',
  'silent',
  'connection',
  'decode',
  'forbidden',
  'unauthorized',
  'missing',
  'other',
] as const;

export interface RestClientSeries {
  /** An answer came (its status), or none did (`<error>`, the word of client-go). */
  answered(method: string, code: number | undefined): void;
}

export interface WatchSeries {
  /** A list and watch began anew; causes outside the known ones count as `other`. */
  restarted(cause: string): void;
  /** The watch showed that it is alive: an event, a bookmark, or a list. */
  contact(): void;
}

export interface TrafficMetrics {
  restClient(host: string): RestClientSeries;
  watch(resource: string): WatchSeries;
}

/** Series about the API server: requests and watches. */
export function trafficMetrics(
  { counter, gauge }: Series,
  monotonic: () => number,
  onScrape: (update: () => void) => void,
): TrafficMetrics {
  const requests = counter(
    'rest_client_requests_total',
    'Number of HTTP requests, partitioned by status code, method, and host.',
    ['code', 'method', 'host'],
  );
  const restarts = counter('patchgen_watch_restarts_total', 'Times that a list and watch began anew, by cause', [
    'resource',
    'cause',
  ]);
  const contacts = gauge(
    'patchgen_watch_last_contact_seconds',
    'Seconds since the watch last showed that it is alive',
    ['resource'],
  );
  return {
    restClient: (host) => {
      for (const method of METHODS) requests.labels({ code: '200', method, host }).inc(0);
      return {
        answered: (method, code) => {
          const known = METHODS.find((it) => it === method);
          if (known)
            requests.labels({ code: code === undefined ? '<error>' : String(code), method: known, host }).inc();
        },
      };
    },
    watch: (resource) => {
      const began = childrenOf(RESTART_CAUSES, (cause) => restarts.labels({ resource, cause }));
      const last = { at: monotonic() };
      onScrape(() => contacts.labels({ resource }).set((monotonic() - last.at) / 1000));
      return {
        restarted: (cause) => began(RESTART_CAUSES.find((it) => it === cause) ?? 'other')?.inc(),
        contact: () => {
          last.at = monotonic();
        },
      };
    },
  };
}
