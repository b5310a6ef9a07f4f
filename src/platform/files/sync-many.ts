import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { confinement, type Locate } from './confinement.ts';
import { errnoOf, FileError } from './errno.ts';
import type { Directory } from './files.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Makes files of one directory durable, all at the same time: a journaling file system commits what waits together
 * once, where a loop would pay for a commit per file. Does not sync the directory. Rejects with `FileError`.
 */
export async function syncMany(
  directory: Directory,
  names: readonly string[],
  locate: Locate = confinement(process.platform),
): Promise<void> {
  const settled = await Promise.allSettled(names.map((name) => syncOne(locate(directory, name), directory, name)));
  // All have ended before the first failure is told: the caller may close the directory now.
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
}

async function syncOne(path: string, directory: Directory, name: string): Promise<void> {
  try {
    await using handle = await open(path, FLAGS);
    await handle.sync();
  } catch (error) {
    const code = errnoOf(error);
    throw code === undefined ? error : new FileError(code, 'fsync', `${directory.path}/${name}`, error);
  }
}
