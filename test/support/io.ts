import type { Io } from '../../src/cli/io.ts';

export interface RecordedIo extends Io {
  readonly out: () => string;
  readonly outBytes: () => Buffer;
  readonly err: () => string;
}

/** A process that a command can talk to: what it prints is kept, and standard input is the text given. */
export function recordedIo(input = '', terminal = false): RecordedIo {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const sink = (chunks: Buffer[]) => ({
    write: (data: string | Uint8Array) => chunks.push(Buffer.from(data)),
    isTTY: terminal,
    columns: terminal ? 80 : undefined,
  });
  return {
    stdout: sink(out),
    stderr: sink(err),
    stdin: (async function* () {
      yield Buffer.from(input);
    })(),
    color: false,
    interactive: terminal,
    out: () => Buffer.concat(out).toString('utf8'),
    outBytes: () => Buffer.concat(out),
    err: () => Buffer.concat(err).toString('utf8'),
  };
}
