import { hasErrno } from './errno.ts';
import type { Directory, Files } from './files.ts';

/**
 * Removes a name and all below it without following links; a name that is gone already is fine. Throws `FileError`
 * (ENOTEMPTY when someone adds names at the same time).
 */
export function removeTree(files: Files, parent: Directory, name: string): void {
  try {
    if (files.stat(parent, name).kind !== 'directory') return files.unlink(parent, name);
    emptyDirectory(files, parent, name);
    files.removeDirectory(parent, name);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}

function emptyDirectory(files: Files, parent: Directory, name: string): void {
  const directory = files.openDirectory(parent, name);
  try {
    for (const child of files.list(directory)) removeTree(files, directory, child.name);
  } finally {
    files.close(directory);
  }
}
