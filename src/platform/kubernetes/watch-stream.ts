import type { Client, Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { ConnectionError, DecodeError, SilentConnectionError } from './client.ts';
import { connectionError } from './exchange.ts';
import { apiErrorOf } from './failure.ts';
import { LineSplitter } from './lines.ts';

export interface WatchStreamOptions {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly silenceMs: number;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  /** Called once, when the connection is given up. */
  readonly onEnd: () => void;
}

// etcd holds at most 1.5 MiB of an object; its JSON form with escapes and managedFields stays well below this.
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_BYTES = 1024 * 1024;
/** Above this many bytes of lines that nobody took, the socket is not read. */
const HIGH_WATER_BYTES = 1024 * 1024;

/**
 * One watch on a connection of its own. Lines that came before an end or an error are yielded first. Whatever happens,
 * the connection is destroyed when the iteration is over.
 */
export class WatchStream implements AsyncIterableIterator<unknown> {
  readonly #client: Client;
  readonly #options: WatchStreamOptions;
  readonly #lines = new LineSplitter(MAX_LINE_BYTES);
  #controller: Dispatcher.DispatchController | undefined;
  #end: { readonly error: unknown } | 'normal' | undefined;
  #wake: (() => void) | undefined;
  #lastByte: number;
  #cancelTimer: () => void = () => {};
  readonly #onAbort = (): void => this.#finish({ error: this.#options.signal?.reason });

  constructor(client: Client, options: WatchStreamOptions) {
    this.#client = client;
    this.#options = options;
    this.#lastByte = options.clock.monotonic();
  }

  /** Sends the request. The silence counts from here, so that a server that accepts and never answers is noticed too. */
  start(): void {
    const { path, headers, signal, silenceMs } = this.#options;
    this.#listen(silenceMs);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted) return this.#onAbort();
    try {
      this.#client.dispatch({ method: 'GET', path, headers }, this.#handler());
    } catch (error) {
      this.#finish({ error: connectionError(error) });
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown>> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return { value: this.#decoded(line), done: false };
      if (this.#end === 'normal') return { value: undefined, done: true };
      if (this.#end !== undefined) throw this.#end.error;
      if (this.#controller?.paused) this.#controller.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.close();
    return { value: undefined, done: true };
  }

  /** Ends the stream; a pending `next` rejects. */
  close(): void {
    this.#finish({ error: new ConnectionError('the watch was closed') });
  }

  #handler(): Dispatcher.DispatchHandler {
    const refusal: Buffer[] = [];
    let refusalBytes = 0;
    let head: { status: number; headers: Record<string, string | string[] | undefined> } | undefined;
    return {
      onRequestStart: (controller) => {
        this.#controller = controller;
      },
      onResponseStart: (_controller, status, headers) => {
        this.#lastByte = this.#options.clock.monotonic();
        if (status !== 200) head = { status, headers };
      },
      onResponseData: (controller, chunk) => {
        this.#lastByte = this.#options.clock.monotonic();
        if (head === undefined) return this.#take(controller, chunk);
        refusalBytes += chunk.length;
        if (refusalBytes <= MAX_ERROR_BYTES) refusal.push(chunk);
      },
      onResponseEnd: () => {
        if (head === undefined) return this.#finishWhole();
        const answer = { ...head, body: Buffer.concat(refusal) };
        this.#finish({ error: apiErrorOf(answer, this.#options.clock.now()) });
      },
      onResponseError: (_controller, error) => this.#finish({ error: connectionError(error) }),
    };
  }

  #take(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#end !== undefined) return;
    try {
      this.#lines.push(chunk);
    } catch (error) {
      return this.#finish({ error: new DecodeError(String(error), { cause: error }) });
    }
    if (this.#lines.queuedBytes > HIGH_WATER_BYTES) controller.pause();
    this.#wakeUp();
  }

  #finishWhole(): void {
    const cut = this.#lines.partialBytes > 0;
    this.#finish(cut ? { error: new DecodeError('the watch ended in the middle of a line') } : 'normal');
  }

  #finish(end: { readonly error: unknown } | 'normal'): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#cancelTimer();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    const reason = end === 'normal' ? null : connectionError(end.error);
    // Destroying closes the socket at once; an abort alone leaves a half-open connection to its timeouts.
    this.#client.destroy(reason).catch(() => {});
    this.#options.onEnd();
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** One timer, re-armed for the rest when bytes came meanwhile, instead of one per event. */
  #listen(ms: number): void {
    this.#cancelTimer = this.#options.clock.after(ms, () => {
      const { clock, silenceMs } = this.#options;
      // A stream that we ourselves do not read is not silent.
      const heard = this.#controller?.paused ? clock.monotonic() : this.#lastByte;
      const left = heard + silenceMs - clock.monotonic();
      if (left > 0) return this.#listen(left);
      this.#finish({ error: new SilentConnectionError(`not a byte of the watch for ${silenceMs} ms`) });
    });
  }

  #decoded(line: Buffer): unknown {
    try {
      return JSON.parse(line.toString('utf8'));
    } catch (error) {
      this.close();
      // Not the parser's message: it quotes the line, which may hold what nobody should read in a log.
      throw new DecodeError(`a watch line of ${line.length} bytes is no JSON`, { cause: error });
    }
  }
}
