/** One stream: lines that were pushed come first, then the end. */
export class ModelWatch implements AsyncIterableIterator<unknown> {
  readonly #lines: unknown[] = [];
  readonly #onEnd: () => void;
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  push(line: unknown): void {
    if (this.#end !== undefined) return;
    this.#lines.push(structuredClone(line));
    this.#wake();
  }

  fail(error: unknown): void {
    this.#end ??= { error };
    this.#onEnd();
    this.#wake();
  }

  end(): void {
    this.#end ??= {};
    this.#onEnd();
    this.#wake();
  }

  async next(): Promise<IteratorResult<unknown>> {
    while (this.#lines.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#lines.length > 0) return { value: this.#lines.shift(), done: false };
    if (this.#end !== undefined && 'error' in this.#end) throw this.#end.error;
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.end();
    return { value: undefined, done: true };
  }
}
