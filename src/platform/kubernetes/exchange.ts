import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { ConnectionError, DecodeError } from './client.ts';
import type { Answer } from './failure.ts';

export interface ExchangeOptions {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
  /** For the whole answer, waiting for a free connection included. */
  readonly timeoutMs: number;
  /** Bytes of body above which the answer is refused. */
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
}

/**
 * One request and its whole answer, whatever its status. Rejects with ConnectionError (none, or an incomplete one),
 * DecodeError (too large) or the reason of the signal. The deadline and the signal settle the promise themselves and
 * destroy the connection besides, because a half-open connection reports nothing.
 */
export function exchange(dispatcher: Dispatcher, options: ExchangeOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    if (signal?.aborted) return reject(signal.reason);
    const chunks: Buffer[] = [];
    let controller: Dispatcher.DispatchController | undefined;
    let head: Omit<Answer, 'body'> | undefined;
    let size = 0;
    let over = false;

    const finish = (): boolean => {
      if (over) return false;
      over = true;
      cancelDeadline();
      signal?.removeEventListener('abort', onAbort);
      return true;
    };
    const fail = (error: unknown): void => {
      if (!finish()) return;
      reject(error);
      controller?.abort(error instanceof Error ? error : new ConnectionError('aborted'));
    };
    const onAbort = (): void => fail(signal?.reason);
    const cancelDeadline = options.clock.after(options.timeoutMs, () =>
      fail(new ConnectionError(`no complete answer within ${options.timeoutMs} ms`)),
    );
    signal?.addEventListener('abort', onAbort, { once: true });

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        if (over) started.abort(new ConnectionError('aborted while waiting for a connection'));
      },
      onResponseStart(_controller, status, headers) {
        head = { status, headers };
      },
      onResponseData(_controller, chunk) {
        size += chunk.length;
        if (size > options.maxBytes) fail(new DecodeError(`the answer is larger than ${options.maxBytes} bytes`));
        else chunks.push(chunk);
      },
      onResponseEnd() {
        if (head === undefined || !finish()) return;
        const [only] = chunks;
        resolve({ ...head, body: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size) });
      },
      onResponseError(_controller, error) {
        fail(connectionError(error));
      },
    };
    try {
      dispatcher.dispatch(dispatchOptions(options), handler);
    } catch (error) {
      fail(connectionError(error));
    }
  });
}

function dispatchOptions(options: ExchangeOptions): Dispatcher.DispatchOptions {
  return {
    method: options.method,
    path: options.path,
    headers: options.headers,
    body: options.body ?? null,
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
  };
}

/** The ConnectionError for anything that undici or a socket reports. */
export function connectionError(thrown: unknown): ConnectionError {
  if (thrown instanceof ConnectionError) return thrown;
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  const message = thrown instanceof Error && thrown.message !== '' ? thrown.message : String(code ?? thrown);
  return new ConnectionError(message, { cause: thrown });
}
