import type { Clock } from '../clock.ts';
import {
  ApiError,
  type ApiRequest,
  type ApiResponse,
  ConnectionError,
  DecodeError,
  type KubeClient,
  type WatchRequest,
} from './client.ts';
import type { ClusterAccess, Credentials } from './cluster-access.ts';
import { ConnectionCounter, type ConnectionStats, Connections } from './connections.ts';
import { exchange } from './exchange.ts';
import { type Answer, apiErrorOf } from './failure.ts';
import { warningTexts } from './headers.ts';
import { WatchStream } from './watch-stream.ts';

/** One finished request, for metrics. `status` is undefined where no answer came. */
export interface ResponseInfo {
  readonly method: string;
  readonly path: string;
  readonly status: number | undefined;
  readonly durationMs: number;
}

export interface KubeClientOptions {
  /** Connections for requests; watches have their own. Default 16. */
  readonly connections?: number;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly onResponse?: (info: ResponseInfo) => void;
  /** Largest answer that is read. Default 64 MiB. */
  readonly maxBodyBytes?: number;
}

export interface HttpKubeClient extends KubeClient {
  stats(): ConnectionStats;
}

const JSON_TYPE = 'application/json';
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_CONNECTIONS = 16;
const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * A client of one cluster over HTTP/1.1 with a bounded pool of kept connections. HTTP/2 is left out on purpose: it is no
 * faster here, and one half-open HTTP/2 connection fails every request that comes after.
 * A 401 makes it read the credentials anew, once, and try again.
 */
export function createKubeClient(access: ClusterAccess, options: KubeClientOptions): HttpKubeClient {
  return new PooledClient(access, options);
}

class PooledClient implements HttpKubeClient {
  readonly #access: ClusterAccess;
  readonly #options: KubeClientOptions;
  readonly #origin: string;
  readonly #prefix: string;
  readonly #counter = new ConnectionCounter();
  readonly #watches = new Set<WatchStream>();
  #connections: Connections | undefined;
  #closed = false;

  constructor(access: ClusterAccess, options: KubeClientOptions) {
    const server = new URL(access.server);
    this.#access = access;
    this.#options = options;
    this.#origin = server.origin;
    this.#prefix = server.pathname.replace(/\/+$/, '');
  }

  stats(): ConnectionStats {
    return this.#counter.stats();
  }

  async request<T = unknown>(request: ApiRequest): Promise<ApiResponse<T>> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    let answer = await this.#exchange(request, body);
    if (answer.status === 401) {
      await this.#access.reload();
      answer = await this.#exchange(request, body);
    }
    if (answer.status < 200 || answer.status > 299) throw apiErrorOf(answer, this.#options.clock.now());
    return {
      status: answer.status,
      body: bodyOf(answer, request.accept ?? JSON_TYPE) as T,
      warnings: warningTexts(answer.headers['warning']),
    };
  }

  watch(request: WatchRequest): AsyncIterable<unknown> {
    return {
      [Symbol.asyncIterator]: () =>
        new Watch(
          () => this.#openWatch(request),
          () => this.#access.reload(),
        ),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const watch of this.#watches) watch.close();
    await this.#connections?.pool.destroy(new ConnectionError('the client was closed'));
  }

  async #exchange(request: ApiRequest, body: string | undefined): Promise<Answer> {
    const { clock, onResponse, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = this.#options;
    const credentials = await this.#access.credentials();
    const started = clock.monotonic();
    let status: number | undefined;
    try {
      const answer = await exchange(this.#connectionsFor(credentials).pool, {
        method: request.method,
        path: this.#pathOf(request),
        headers: this.#headers(credentials, request, body !== undefined),
        body,
        timeoutMs: request.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        maxBytes: maxBodyBytes,
        signal: request.signal,
        maySend: request.maySend,
        clock,
      });
      status = answer.status;
      return answer;
    } finally {
      onResponse?.({ method: request.method, path: request.path, status, durationMs: clock.monotonic() - started });
    }
  }

  async #openWatch(request: WatchRequest): Promise<WatchStream> {
    const credentials = await this.#access.credentials();
    request.signal?.throwIfAborted();
    const client = this.#connectionsFor(credentials).single();
    const stream = new WatchStream(client, {
      path: this.#pathOf({ path: request.path, query: { ...request.query, watch: true } }),
      headers: this.#headers(credentials, {}, false),
      silenceMs: request.silenceMs,
      signal: request.signal,
      clock: this.#options.clock,
      onEnd: () => this.#watches.delete(stream),
    });
    this.#watches.add(stream);
    stream.start();
    return stream;
  }

  /** The connections for these credentials. Another TLS identity gets new ones; the old ones end with their requests. */
  #connectionsFor(credentials: Credentials): Connections {
    if (this.#closed) throw new ConnectionError('the client was closed');
    const present = this.#connections;
    if (present !== undefined && present.identity === credentials.tls) return present;
    const count = this.#options.connections ?? DEFAULT_CONNECTIONS;
    this.#connections = new Connections(this.#origin, credentials.tls, count, this.#counter);
    present?.pool.close().catch(() => {});
    return this.#connections;
  }

  #pathOf({ path, query }: Pick<ApiRequest, 'path' | 'query'>): string {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) search.append(name, String(value));
    }
    return `${this.#prefix}${path}${search.size === 0 ? '' : `?${search.toString()}`}`;
  }

  #headers(credentials: Credentials, request: Partial<ApiRequest>, hasBody: boolean): Record<string, string> {
    const type = request.contentType ?? (request.method === 'PATCH' ? 'application/merge-patch+json' : JSON_TYPE);
    return {
      ...credentials.headers,
      'user-agent': this.#options.userAgent,
      accept: request.accept ?? JSON_TYPE,
      ...(hasBody ? { 'content-type': type } : {}),
    };
  }
}

/** A watch that is opened by its first `next`, and once more with fresh credentials when the server answers 401. */
class Watch implements AsyncIterator<unknown> {
  readonly #open: () => Promise<WatchStream>;
  readonly #reload: () => Promise<void>;
  #stream: WatchStream | undefined;

  constructor(open: () => Promise<WatchStream>, reload: () => Promise<void>) {
    this.#open = open;
    this.#reload = reload;
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#stream === undefined ? this.#first() : this.#stream.next();
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#stream?.close();
    return { value: undefined, done: true };
  }

  async #first(): Promise<IteratorResult<unknown>> {
    this.#stream = await this.#open();
    try {
      return await this.#stream.next();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
    }
    await this.#reload();
    this.#stream = await this.#open();
    return this.#stream.next();
  }
}

/** JSON where JSON was asked for; text where another type was asked for and came. */
function bodyOf(answer: Answer, accept: string): unknown {
  if (answer.body.length === 0) return undefined;
  const text = answer.body.toString('utf8');
  const type = String(answer.headers['content-type'] ?? '');
  if (!accept.startsWith(JSON_TYPE) && !type.startsWith(JSON_TYPE)) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DecodeError(`an answer of ${answer.body.length} bytes and type '${type}' is no JSON`, { cause: error });
  }
}
