import { Waiting } from '../api/errors.ts';
import { hasErrno } from '../platform/files/errno.ts';
import type { Directory, FileKind, Files } from '../platform/files/files.ts';
import { removeTree } from '../platform/files/remove-tree.ts';
import type { Random } from '../platform/random.ts';
import { readFolder } from './found.ts';
import { PACKAGE_DIR_MODE, PACKAGE_FILE_MODE, type Package } from './package.ts';
import { asStorageFailure } from './publisher/failures.ts';
import { type PackageFinding, verifyAgainst } from './verify.ts';

// A package as a plain folder `<out>/<package name>`, for commands: no store, no links. The steps are apart, so that many
// packages can be staged, then synced together, then placed: see folders.ts.

/**
 * - `written`: the folder is new.
 * - `unchanged`: it was there with these very bytes and modes; nothing was written.
 * - `replaced`: it differed, and `force` was given.
 */
export type FolderOutcome = 'written' | 'unchanged' | 'replaced';

export interface FolderDeps {
  readonly files: Files;
  readonly random: Random;
  /** Makes files of a directory durable, all at the same time; `syncMany` outside of tests. */
  readonly sync: (directory: Directory, names: readonly string[]) => Promise<void>;
}

/** A package on its way: made by `stageFolder`, ended by exactly one of `placeFolder` and `discardFolder`. */
export interface StagedFolder {
  readonly package: Package;
  /** The hidden name in the output folder; undefined when the package was there already. */
  readonly staging: string | undefined;
  readonly replaces: boolean;
}

const STAGING_PREFIX = '.patchgen-';
/** Staging folders of ours, also those that a killed run left behind. */
export const STAGING_NAME = /^\.patchgen-[0-9a-f]{24}$/;

/**
 * Writes the package into a hidden folder beside its place. Looks first at what stands in the place: the same package
 * ends it, and anything that is not to be replaced is refused and left as it is.
 * Throws a `Failure` (UnsafePath, StorageFull, StorageForbidden, …).
 */
export function stageFolder(deps: FolderDeps, out: Directory, pkg: Package, force: boolean): StagedFolder {
  try {
    const differences = compare(deps.files, out, pkg);
    if (differences?.length === 0) return { package: pkg, staging: undefined, replaces: false };
    if (differences !== undefined && !force) throw different(out, pkg, differences);
    const staging = `${STAGING_PREFIX}${deps.random.hex(12)}`;
    const staged = { package: pkg, staging, replaces: differences !== undefined };
    return orDiscard(deps, out, staged, () => {
      fill(deps.files, out, staging, pkg);
      return staged;
    });
  } catch (error) {
    throw asStorageFailure(error);
  }
}

/** Makes the staged files and their folder durable. On failure the staging folder is gone. Rejects with a `Failure`. */
export async function syncFolder(deps: FolderDeps, out: Directory, staged: StagedFolder): Promise<void> {
  const { staging, package: pkg } = staged;
  if (staging === undefined) return;
  try {
    const folder = deps.files.openDirectory(out, staging);
    try {
      await deps.sync(
        folder,
        pkg.files.map((file) => file.path),
      );
      deps.files.syncDirectory(folder);
    } finally {
      deps.files.close(folder);
    }
  } catch (error) {
    discardFolder(deps, out, staged);
    throw asStorageFailure(error);
  }
}

/**
 * Renames a staged package into its place, in one step where nothing was there. Durable once the caller has synced `out`.
 * On failure the staging folder is gone and the place is as it was. Throws a `Failure`.
 */
export function placeFolder(deps: FolderDeps, out: Directory, staged: StagedFolder): FolderOutcome {
  const { staging, package: pkg, replaces } = staged;
  if (staging === undefined) return 'unchanged';
  try {
    return orDiscard(deps, out, staged, () => {
      if (replaces) replace(deps, out, staging, pkg);
      else deps.files.rename(out, staging, out, pkg.name);
      return replaces ? 'replaced' : 'written';
    });
  } catch (error) {
    // Another process has put something there since we looked: the same package is as good as ours.
    if (hasErrno(error, 'ENOTEMPTY', 'EEXIST') && isThere(deps, out, pkg)) return 'unchanged';
    throw asStorageFailure(error);
  }
}

/** Removes what `stageFolder` made, as far as that is possible: what stays is hidden, and the next run removes it. */
export function discardFolder({ files }: FolderDeps, out: Directory, { staging }: StagedFolder): void {
  if (staging === undefined) return;
  try {
    removeTree(files, out, staging);
  } catch {
    // The failure that led here is the one to tell.
  }
}

function orDiscard<T>(deps: FolderDeps, out: Directory, staged: StagedFolder, run: () => T): T {
  try {
    return run();
  } catch (error) {
    discardFolder(deps, out, staged);
    throw error;
  }
}

function fill(files: Files, out: Directory, staging: string, pkg: Package): void {
  files.makeDirectory(out, staging, 0o700);
  const folder = files.openDirectory(out, staging);
  try {
    for (const { path, content } of pkg.files) {
      files.writeFile(folder, path, content, { mode: PACKAGE_FILE_MODE, sync: false });
    }
    files.setMode(folder, PACKAGE_DIR_MODE);
  } finally {
    files.close(folder);
  }
}

/** rename(2) can't exchange full folders, so the old one steps aside first, and comes back if the new one can't follow. */
function replace({ files, random }: FolderDeps, out: Directory, staging: string, pkg: Package): void {
  const aside = `${STAGING_PREFIX}${random.hex(12)}`;
  files.rename(out, pkg.name, out, aside);
  try {
    files.rename(out, staging, out, pkg.name);
  } catch (error) {
    files.rename(out, aside, out, pkg.name);
    throw error;
  }
  removeTree(files, out, aside);
}

function isThere({ files }: FolderDeps, out: Directory, pkg: Package): boolean {
  try {
    return compare(files, out, pkg)?.length === 0;
  } catch {
    return false;
  }
}

/** How the folder in the place differs from the package; empty where it does not, undefined where there is none. */
function compare(files: Files, out: Directory, pkg: Package): readonly PackageFinding[] | undefined {
  const path = `${out.path}/${pkg.name}`;
  const kind = kindOf(files, out, pkg.name);
  if (kind === undefined) return undefined;
  if (kind !== 'directory')
    throw new Waiting('UnsafePath', `${path} is a ${kind}, not a package; it was left as it is`);
  const folder = files.openDirectory(out, pkg.name);
  try {
    const findings = verifyAgainst(readFolder(files, folder), pkg);
    const foreign = findings.filter((finding) => finding.code === 'extra' || finding.code === 'kind');
    if (foreign.length === 0) return findings;
    const names = foreign.map((finding) => JSON.stringify(finding.path)).join(', ');
    throw new Waiting('UnsafePath', `${path} holds what is no part of the package: ${names}; it was left as it is`);
  } finally {
    files.close(folder);
  }
}

function kindOf(files: Files, out: Directory, name: string): FileKind | undefined {
  try {
    return files.stat(out, name).kind;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function different(out: Directory, pkg: Package, differences: readonly PackageFinding[]): Waiting {
  const list = differences.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new Waiting('UnsafePath', `${out.path}/${pkg.name} exists and differs (${list}); --force replaces it`);
}
