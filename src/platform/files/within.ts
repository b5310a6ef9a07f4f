import type { Directory, Files } from './files.ts';

/** Uses an open directory and closes it, whatever happens. */
export function within<T>(files: Files, directory: Directory, use: (directory: Directory) => T): T {
  try {
    return use(directory);
  } finally {
    files.close(directory);
  }
}
