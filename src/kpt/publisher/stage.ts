import { hasErrno } from '../../platform/files/errno.ts';
import type { Directory, Files } from '../../platform/files/files.ts';
import { removeTree } from '../../platform/files/remove-tree.ts';
import { isPackagePath } from '../digest.ts';
import { PACKAGE_DIR_MODE, PACKAGE_FILE_MODE, type Package } from '../package.ts';
import { failed } from './failures.ts';
import { isDigest } from './names.ts';

/** Throws Rejected InvalidPath when a package could write anywhere but into its own folder. */
export function assertPackage({ digest, files }: Package): void {
  if (!isDigest(digest))
    throw failed('InvalidPath', `path traversal detected: digest ${JSON.stringify(digest.slice(0, 80))}`);
  const bad = files.find((file) => !isPackagePath(file.path));
  if (bad)
    throw failed('InvalidPath', `path traversal detected: package file ${JSON.stringify(bad.path.slice(0, 80))}`);
}

/**
 * Writes the files of a package into the new directory `name` and syncs each file and the directory. What was written
 * is removed again on failure. An input/output error gets one more try with new files: the old descriptors and pages
 * can't be trusted after it.
 */
export function stageTree(files: Files, work: Directory, name: string, content: Package): void {
  try {
    writeTree(files, work, name, content);
  } catch (error) {
    discard(files, work, name);
    if (!hasErrno(error, 'EIO')) throw error;
    rewriteTree(files, work, name, content);
  }
}

function rewriteTree(files: Files, work: Directory, name: string, content: Package): void {
  try {
    writeTree(files, work, name, content);
  } catch (error) {
    discard(files, work, name);
    throw error;
  }
}

function writeTree(files: Files, work: Directory, name: string, content: Package): void {
  files.makeDirectory(work, name, PACKAGE_DIR_MODE);
  const tree = files.openDirectory(work, name);
  try {
    files.setMode(tree, PACKAGE_DIR_MODE);
    for (const file of content.files) {
      files.writeFile(tree, file.path, file.content, { mode: PACKAGE_FILE_MODE, sync: true });
    }
    files.syncDirectory(tree);
  } finally {
    files.close(tree);
  }
}

/** Removes something of ours under construction; what can't be removed now goes with the epoch. */
export function discard(files: Files, work: Directory, name: string): void {
  try {
    removeTree(files, work, name);
  } catch {
    // The error that led here is the one to tell.
  }
}
