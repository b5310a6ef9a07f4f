/** A sink for text and bytes that may be a terminal. `columns` is absent where it is none. */
export interface Output {
  write(data: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** What a command may touch of the process. Tests pass strings, `main.ts` passes the process. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Whether to colour what goes to a terminal (off for NO_COLOR, pipes and `--no-color`). */
  readonly color: boolean;
  /** Whether somebody can be asked: standard input and standard error are a terminal. Absent: nobody. */
  readonly interactive?: boolean;
}

/**
 * The exit codes of every command:
 * 0 done · 1 the command ran and the answer is no (an invalid document, a failed check, an input/output error) ·
 * 2 wrong usage (unknown flag, missing argument, unreadable setting).
 *
 * The convention: a command's action resolves for 0. For any other end it prints what it has to say by itself and then
 * throws `Exit`, or throws `UsageError` and leaves the one line on stderr to `main.ts`. Nothing but `main.ts` sets
 * `process.exitCode`, and nothing calls `process.exit`.
 */
export class Exit extends Error {
  override readonly name: string = 'Exit';
  readonly exitCode: number;

  constructor(exitCode: number, message = `exit ${exitCode}`) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Wrong usage: `main.ts` prints `error: <message>` on stderr and ends with 2. */
export class UsageError extends Exit {
  override readonly name: string = 'UsageError';

  constructor(message: string) {
    super(2, message);
  }
}
