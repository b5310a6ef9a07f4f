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
  readonly maySend: (() => boolean) | undefined;
  readonly clock: Clock;
}

/**
 * One request and its whole answer, whatever its status. Rejects with ConnectionError (none, or an incomplete one),
 * DecodeError (too large) or the reason of the signal. The deadline and the signal settle the promise themselves and
 * destroy the connection besides, because a half-open connection reports nothing.
 */
export function exchange(dispatcher: Dispatcher, options: ExchangeOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) return reject(options.signal.reason);
    const collector = new AnswerCollector(options, resolve, reject);
    try {
      dispatcher.dispatch(dispatchOptions(options), collector);
    } catch (error) {
      collector.onResponseError(undefined, error);
    }
  });
}

/** Collects one answer up to its bound, and settles exactly once. */
class AnswerCollector implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #onAbort = (): void => this.#fail(this.#options.signal?.reason);
  readonly #cancelDeadline: () => void;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #head: Omit<Answer, 'body'> | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;

  constructor(options: ExchangeOptions, resolve: (answer: Answer) => void, reject: (reason: unknown) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#cancelDeadline = options.clock.after(options.timeoutMs, () =>
      this.#fail(new ConnectionError(`no complete answer within ${options.timeoutMs} ms`)),
    );
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#options.maySend?.() === false) this.#fail(new ConnectionError('not sent: it came too late'));
    else if (this.#settled) controller.abort(new ConnectionError('aborted while waiting for a connection'));
  }

  onResponseStart(_controller: unknown, status: number, headers: Answer['headers']): void {
    this.#head = { status, headers };
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    const { maxBytes } = this.#options;
    this.#size += chunk.length;
    if (this.#size > maxBytes) this.#fail(new DecodeError(`the answer is larger than ${maxBytes} bytes`));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#head === undefined || !this.#settle()) return;
    const [first = Buffer.alloc(0), ...more] = this.#chunks;
    this.#resolve({ ...this.#head, body: more.length === 0 ? first : Buffer.concat(this.#chunks, this.#size) });
  }

  onResponseError(_controller: unknown, error: unknown): void {
    this.#fail(connectionError(error));
  }

  #fail(error: unknown): void {
    if (!this.#settle()) return;
    this.#reject(error);
    this.#controller?.abort(error instanceof Error ? error : new ConnectionError('aborted'));
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#cancelDeadline();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
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
