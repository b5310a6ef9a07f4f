import { createReadStream } from 'node:fs';
import { MAX_INPUT_BYTES } from '../api/read/limits.ts';
import { type LoadedIntent, loadIntents } from '../api/wire/load.ts';
import { namespace as namespaceKind } from '../config/kinds.ts';
import type { Clock } from '../platform/clock.ts';
import { printable } from '../platform/escape.ts';
import { errnoOf } from '../platform/files/errno.ts';
import { type Io, UsageError } from './io.ts';

/** How `-` is called in messages. */
export const STDIN_NAME = 'stdin';

export interface InputOptions {
  readonly clock: Clock;
  /** Deadline of reading and checking one input, in milliseconds. */
  readonly timeoutMs: number;
  readonly strict: boolean;
  /** Namespace of a PatchIntent that names none. */
  readonly namespace: string;
}

/** One FILE of the command line (`-` is standard input): its intents, or why it could not be read. */
export type Input =
  | { readonly name: string; readonly intents: readonly LoadedIntent[] }
  | { readonly name: string; readonly error: string };

/** How the text of an input is called, and until when it may be worked on. */
export interface ReadContext {
  readonly name: string;
  readonly deadline: () => boolean;
}

/** Reads one FILE, or standard input for `-`, and checks its documents. Never rejects. */
export async function readInput(io: Io, file: string, options: InputOptions): Promise<Input> {
  const { strict, namespace } = options;
  const read = await readFileWith(io, file, options, (bytes, context) =>
    loadIntents(bytes, { ...context, strict, namespace }),
  );
  return 'error' in read ? read : { name: read.name, intents: read.parsed };
}

/**
 * One FILE of the command line, or standard input for `-`, as `parse` makes of it, or why it could not be read. Never
 * rejects: what `parse` throws is told as an error too. Not more than 1 MiB and a byte is taken from the file, so that a
 * device or a huge file costs no more; an input that does not come in time is given up.
 */
export async function readFileWith<T>(
  io: Io,
  file: string,
  options: Pick<InputOptions, 'clock' | 'timeoutMs'>,
  parse: (bytes: Uint8Array, context: ReadContext) => T,
): Promise<{ readonly name: string; readonly parsed: T } | { readonly name: string; readonly error: string }> {
  const name = file === '-' ? STDIN_NAME : file;
  const { clock, timeoutMs } = options;
  const end = clock.monotonic() + timeoutMs;
  try {
    const bytes = await collect(file === '-' ? io.stdin : createReadStream(file, { end: MAX_INPUT_BYTES }), options);
    return { name, parsed: parse(bytes, { name, deadline: () => clock.monotonic() >= end }) };
  } catch (error) {
    return { name, error: describe(error, file) };
  }
}

/** All inputs in order, one after the other. Throws `UsageError` for a `--namespace` that is none. */
export async function readInputs(io: Io, files: readonly string[], options: InputOptions): Promise<readonly Input[]> {
  if (namespaceKind.parse(options.namespace) === undefined) {
    throw new UsageError(`--namespace: must be ${namespaceKind.allowed}, got ${JSON.stringify(options.namespace)}`);
  }
  const inputs: Input[] = [];
  for (const file of files) inputs.push(await readInput(io, file, options));
  return inputs;
}

class InputTimeout extends Error {
  override readonly name = 'InputTimeout';
}

async function collect(
  stream: AsyncIterable<Uint8Array>,
  { clock, timeoutMs }: Pick<InputOptions, 'clock' | 'timeoutMs'>,
): Promise<Uint8Array> {
  const iterator = stream[Symbol.asyncIterator]();
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(timeoutMs, () => late.reject(new InputTimeout()));
  // Whoever wins the race, the other must not count as unhandled.
  late.promise.catch(() => {});
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    while (size <= MAX_INPUT_BYTES) {
      const next = await Promise.race([iterator.next(), late.promise]);
      if (next.done === true) break;
      chunks.push(next.value);
      size += next.value.byteLength;
    }
    return Buffer.concat(chunks);
  } finally {
    cancel();
    release(stream);
  }
}

/** An open pipe would keep the process alive; a generator would wait for the chunk that does not come. */
function release(stream: object): void {
  if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
}

function describe(error: unknown, file: string): string {
  const path = printable(file);
  if (error instanceof InputTimeout) return `no complete input within the validation timeout: ${path}`;
  switch (errnoOf(error)) {
    case 'ENOENT':
      return `no such file: ${path}`;
    case 'EISDIR':
      return `is a directory: ${path}`;
    case 'EACCES':
    case 'EPERM':
      return `permission denied: ${path}`;
    default:
      return `cannot read ${path}: ${printable(error instanceof Error ? error.message : String(error))}`;
  }
}
