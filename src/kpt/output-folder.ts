import { basename, dirname, resolve } from 'node:path';
import { Transient, Waiting } from '../api/errors.ts';
import { hasErrno } from '../platform/files/errno.ts';
import type { Directory } from '../platform/files/files.ts';
import { removeTree } from '../platform/files/remove-tree.ts';
import { within } from '../platform/files/within.ts';
import { type FolderDeps, STAGING_NAME } from './folder.ts';
import { PACKAGE_DIR_MODE } from './package.ts';
import { asStorageFailure } from './publisher/failures.ts';
import { META } from './publisher/names.ts';

/** Staging folders of a run that may still be alive are left alone for this long. */
const LEFTOVER_AGE_NS = 3_600_000_000_000n;

/** Opens the folder that packages are written to. Throws a `Failure`, RootUnusable where it does not exist. */
export function openOutput({ files }: FolderDeps, path: string): Directory {
  let out: Directory | undefined;
  try {
    out = files.openTop(path, { followLink: true });
    if (files.list(out).some(({ name }) => name === META)) {
      throw new Waiting('UnsafePath', `${path} is the package root of an operator; choose another folder`);
    }
    return out;
  } catch (error) {
    if (out !== undefined) files.close(out);
    if (hasErrno(error, 'ENOENT')) {
      throw new Transient('RootUnusable', `output directory does not exist: ${path}`, { cause: error });
    }
    throw asStorageFailure(error);
  }
}

/** Makes the folder and the missing ones above it, 0755 and durable. One that is there already is fine. Throws a `Failure`. */
export function createOutput({ files }: FolderDeps, path: string): void {
  try {
    make(resolve(path));
  } catch (error) {
    throw asStorageFailure(error);
  }

  function make(folder: string): void {
    if (exists(folder)) return;
    const parent = dirname(folder);
    make(parent);
    within(files, files.openTop(parent, { followLink: true }), (directory) => {
      files.makeDirectory(directory, basename(folder), PACKAGE_DIR_MODE);
      within(files, files.openDirectory(directory, basename(folder)), (made) => files.setMode(made, PACKAGE_DIR_MODE));
      files.syncDirectory(directory);
    });
  }

  function exists(folder: string): boolean {
    try {
      files.statPath(folder);
      return true;
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }
}

/** Removes what a killed run left under `out`, once it is `LEFTOVER_AGE_NS` old. */
export function removeLeftovers({ files }: FolderDeps, out: Directory, now: Date): void {
  const before = BigInt(now.getTime()) * 1_000_000n - LEFTOVER_AGE_NS;
  for (const { name, kind } of files.list(out)) {
    if (kind !== 'directory' || !STAGING_NAME.test(name)) continue;
    try {
      if (files.stat(out, name).mtimeNs < before) removeTree(files, out, name);
    } catch {
      // Another run may be at it; a leftover does no harm.
    }
  }
}
