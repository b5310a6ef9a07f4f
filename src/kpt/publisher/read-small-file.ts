import { FileError } from '../../platform/files/errno.ts';
import type { Directory, Files } from '../../platform/files/files.ts';

const LIMIT_BYTES = 65_536;

/** Reads a small text file of ours. Throws `FileError`, EFBIG beyond 64 KiB. */
export function readSmallFile(files: Files, parent: Directory, name: string): string {
  const pieces: Buffer[] = [];
  let total = 0;
  files.readPieces(parent, name, (bytes) => {
    total += bytes.length;
    if (total > LIMIT_BYTES) throw new FileError('EFBIG', 'read', `${parent.path}/${name}`);
    pieces.push(Buffer.from(bytes));
  });
  return Buffer.concat(pieces).toString('utf8');
}
