/** Writes tar archives as streams, so that large files are never held. Source: POSIX.1-2017, pax, "ustar" and "pax Interchange Format". */
import { createReadStream } from 'node:fs';
import type { Entry } from './entries.ts';

const BLOCK = 512;
const NAME_BYTES = 100;
/** Eleven octal digits. */
const LARGEST = 8 ** 11 - 1;
const TYPES = { folder: '5', file: '0', copy: '0', link: '2', extension: 'x' } as const;

/** The archive's bytes. The same entries give the same bytes; `mtime` is in seconds since 1970. */
export async function* tar(entries: Iterable<Entry>, mtime = 0): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    yield* headers(entry, mtime);
    if (entry.kind === 'file') yield padded(entry.content);
    if (entry.kind === 'copy') yield* contentOf(entry.source, entry.size);
  }
  yield Buffer.alloc(2 * BLOCK);
}

async function* contentOf(source: string, size: number): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of createReadStream(source, { highWaterMark: 1 << 20 })) {
    length += (chunk as Buffer).length;
    yield chunk as Buffer;
  }
  if (length !== size) throw new Error(`${source}: changed while it was read`);
  yield Buffer.alloc(padding(size));
}

function* headers(entry: Entry, mtime: number): Generator<Buffer> {
  const name = entry.kind === 'folder' ? `${entry.path}/` : entry.path;
  const target = entry.kind === 'link' ? entry.target : '';
  const records = [...long('path', name), ...long('linkpath', target)].join('');
  if (records !== '') {
    const body = Buffer.from(records);
    yield header({ name: 'pax', target: '', type: TYPES.extension, size: body.length, mode: 0o644, mtime });
    yield padded(body);
  }
  const size = entry.kind === 'file' ? entry.content.length : entry.kind === 'copy' ? entry.size : 0;
  yield header({ name, target, type: TYPES[entry.kind], size, mode: entry.mode, mtime, ...entry.owner });
}

/** A record for what the fixed fields cannot hold; its length counts itself. */
function long(key: string, value: string): string[] {
  if (Buffer.byteLength(value) <= NAME_BYTES && /^[\x20-\x7e]*$/.test(value)) return [];
  const rest = ` ${key}=${value}\n`;
  const guess = Buffer.byteLength(rest) + 1;
  const length = [guess, guess + 1, guess + 2, guess + 3].find((it) => String(it).length + guess - 1 === it);
  return [`${length}${rest}`];
}

interface Header {
  readonly name: string;
  readonly target: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly mtime: number;
  readonly uid?: number;
  readonly gid?: number;
}

function header({ name, target, type, size, mode, mtime, uid = 0, gid = 0 }: Header): Buffer {
  const block = Buffer.alloc(BLOCK);
  const put = (text: string, at: number): void => void block.write(text, at, 'latin1');
  block.write(name, 0, NAME_BYTES, 'utf8');
  put(octal(mode, 8), 100);
  put(octal(uid, 8), 108);
  put(octal(gid, 8), 116);
  put(octal(size, 12), 124);
  put(octal(mtime, 12), 136);
  put(' '.repeat(8), 148); // The checksum counts as blanks while it is summed.
  put(type, 156);
  block.write(target, 157, NAME_BYTES, 'utf8');
  put('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function octal(value: number, width: number): string {
  if (!Number.isSafeInteger(value) || value < 0 || value > LARGEST)
    throw new RangeError(`${value} does not fit into a tar header`);
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;
const padded = (content: Buffer): Buffer => Buffer.concat([content, Buffer.alloc(padding(content.length))]);
