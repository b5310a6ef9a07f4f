import { existsSync, fstatSync, lstatSync, realpathSync } from 'node:fs';
import { FileError, hasErrno } from './errno.ts';
import type { Directory } from './files.ts';

/** Turns a directory held open and a plain name into a path that the system can be given. */
export type Locate = (directory: Directory, name: string) => string;

/**
 * Linux: a path through the descriptor stays bound to the opened directory, wherever that is moved and whatever is put
 * in its place. Node has no openat.
 */
export const throughDescriptor: Locate = (directory, name) => `/proc/self/fd/${directory.fd}/${name}`;

/** Elsewhere: the path must still lead, without any link, to the very directory that was opened. */
export const throughCheckedPath: Locate = (directory, name) => {
  const path = name === '' ? directory.path : `${directory.path}/${name}`;
  if (!isWhereItWas(directory)) throw new FileError('ENOTDIR', 'confine', path);
  return path;
};

function isWhereItWas({ fd, path }: Directory): boolean {
  try {
    const opened = fstatSync(fd, { bigint: true });
    const present = lstatSync(path, { bigint: true });
    return (
      present.isDirectory() && opened.dev === present.dev && opened.ino === present.ino && realpathSync(path) === path
    );
  } catch (error) {
    // EINVAL: realpath saw a link and meant to read it, but by then it was none.
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL')) return false;
    throw error;
  }
}

/** The strongest confinement that this machine offers. */
export function confinement(platform: NodeJS.Platform): Locate {
  return platform === 'linux' && existsSync('/proc/self/fd') ? throughDescriptor : throughCheckedPath;
}
