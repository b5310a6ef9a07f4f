import type { Directory, FileKind, Files, Listed } from '../platform/files/files.ts';
import { isPackagePath } from './digest.ts';

/** One thing that stands in a package folder, as it was found. `content` is there for files of a bearable size. */
export interface FoundFile {
  readonly path: string;
  readonly kind: FileKind;
  /** Permission bits with set-id and sticky bits: `0o644`. */
  readonly mode: number;
  /** True for a file with a second name somewhere: it can be changed where nobody looks. */
  readonly shared: boolean;
  readonly content?: Uint8Array;
}

export interface FoundFolder {
  readonly mode: number;
  /** Sorted by path. */
  readonly files: readonly FoundFile[];
}

/** Far above what a package holds: a folder beyond is none, and reading on would only cost memory. */
const MAX_ENTRIES = 1000;
const MAX_FILE_BYTES = 4n * 1024n * 1024n;

/**
 * Reads a package folder without following links: a link, folder or device is told as such and not opened. At most 1,000
 * entries, and no content above 4 MiB. Throws `FileError`.
 */
export function readFolder(files: Files, folder: Directory): FoundFolder {
  const { mode } = files.statDirectory(folder);
  const listed = files.list(folder).slice(0, MAX_ENTRIES);
  const found = listed.map((entry) => readOne(files, folder, entry));
  return { mode, files: found.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

function readOne(files: Files, folder: Directory, { name }: Listed): FoundFile {
  const { kind, mode, size, nlink } = files.stat(folder, name);
  const found = { path: name, kind, mode, shared: kind === 'file' && nlink > 1n };
  if (kind !== 'file' || size > MAX_FILE_BYTES || !isPackagePath(name)) return found;
  const pieces: Uint8Array[] = [];
  files.readPieces(folder, name, (piece) => pieces.push(piece.slice()));
  return { ...found, content: Buffer.concat(pieces) };
}
