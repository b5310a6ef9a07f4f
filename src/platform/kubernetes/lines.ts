const NEWLINE = 10;

/**
 * Cuts a byte stream into lines. Works on bytes, so that a character cut by a chunk border is whole again in its line;
 * a line over many chunks is joined once. Empty lines are skipped.
 */
export class LineSplitter {
  readonly #limit: number;
  #lines: Buffer[] = [];
  #head = 0;
  #partial: Buffer[] = [];
  #partialBytes = 0;
  #queuedBytes = 0;

  /** `limit`: bytes of one line above which `push` throws a RangeError. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of whole lines that nobody took yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Bytes after the last newline. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#complete(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#partial.push(start === 0 ? chunk : chunk.subarray(start));
    this.#partialBytes += chunk.length - start;
    if (this.#partialBytes > this.#limit) throw new RangeError(`a line is longer than ${this.#limit} bytes`);
  }

  /** The next whole line without its newline, or undefined when there is none yet. */
  shift(): Buffer | undefined {
    const line = this.#lines[this.#head];
    if (line === undefined) return undefined;
    this.#head += 1;
    this.#queuedBytes -= line.length;
    if (this.#head === this.#lines.length) {
      this.#lines = [];
      this.#head = 0;
    }
    return line;
  }

  #complete(rest: Buffer): void {
    const line = this.#partial.length === 0 ? rest : Buffer.concat([...this.#partial, rest]);
    this.#partial = [];
    this.#partialBytes = 0;
    if (line.length === 0) return;
    if (line.length > this.#limit) throw new RangeError(`a line is longer than ${this.#limit} bytes`);
    this.#lines.push(line);
    this.#queuedBytes += line.length;
  }
}
