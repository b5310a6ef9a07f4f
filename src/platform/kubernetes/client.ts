/** The door to the API server: what the rest of the code may ask of it. Implementations: `http-client.ts`. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path: `/apis/patchgen.dev/v1alpha1/namespaces/shop/patchintents/web/status`. Segments already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Default `application/json`; for PATCH `application/merge-patch+json`. */
  readonly contentType?: string;
  /** Default `application/json`. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** For the whole answer, body included. Default 30 s. */
  readonly timeoutMs?: number;
  /**
   * Asked at the moment at which the request goes out, which may be long after the call: while it waited for a connection,
   * or while the process stood still. False: it is not sent, and rejects with `ConnectionError`.
   */
  readonly maySend?: () => boolean;
}

export interface ApiResponse<T> {
  readonly status: number;
  readonly body: T;
  /** Texts of `Warning: 299` headers. */
  readonly warnings: readonly string[];
}

export interface WatchRequest {
  readonly path: string;
  readonly query?: ApiRequest['query'];
  readonly signal?: AbortSignal;
  /** The stream is cut with an error after this long without a byte. */
  readonly silenceMs: number;
}

export interface KubeClient {
  /** Resolves for 2xx. Rejects with `ApiError` for any other answer and with `ConnectionError` where none came. */
  request<T = unknown>(request: ApiRequest): Promise<ApiResponse<T>>;
  /**
   * Opens a watch on a connection of its own and yields one decoded JSON value per line. Rejects with `ApiError`,
   * `ConnectionError` (cut, silent) or `DecodeError` (a line that is no JSON). Ends normally when the server ends it.
   */
  watch(request: WatchRequest): AsyncIterable<unknown>;
  /** Ends all connections. Requests under way reject. */
  close(): Promise<void>;
}

/** An answer of the API server other than 2xx. `reason` is the reason of its Status body ('NotFound', 'Conflict', …). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
  /** The decoded Status body where there was one. */
  readonly body: unknown;

  constructor(
    status: number,
    reason: string,
    message: string,
    options: { retryAfterMs?: number; body?: unknown } = {},
  ) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
    this.body = options.body;
  }
}

/** No (complete) answer: refused, reset, timed out, silent. The request may or may not have been carried out. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** A watch on which nothing came for longer than its `silenceMs`: what was sent meanwhile, if anything, is lost. */
export class SilentConnectionError extends ConnectionError {}

/** An answer that is not what the protocol promises. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}
