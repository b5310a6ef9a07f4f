import { hasErrno } from '../platform/files/errno.ts';
import type { Directory, Files } from '../platform/files/files.ts';
import { within } from '../platform/files/within.ts';
import { readFolder } from './found.ts';
import { entryOfTarget, META, parseEntry } from './publisher/names.ts';
import { type PackageFinding, verifyDigest } from './verify.ts';

/** One thing that was checked, and what is wrong with it. */
export interface Verified {
  /** Relative to the root. */
  readonly path: string;
  /** What its name or link says, where it says so. */
  readonly digest: string | undefined;
  readonly findings: readonly PackageFinding[];
}

/**
 * Checks every package of a root by full hash: each link, each store entry (also those that nothing links to), and
 * whatever is there that an operator does not make. Only reads; safe beside a running operator. Throws `FileError` where
 * something can't be read.
 */
export function verifyRoot(files: Files, root: Directory): readonly Verified[] {
  const entries = verifyStore(files, root);
  const linked = new Set<string>();
  const results: Verified[] = [];
  for (const { name, kind } of sorted(files, root)) {
    if (name === META) continue;
    if (kind !== 'directory') results.push(foreign(name));
    else results.push(...verifyNamespace(files, root, name, entries, linked));
  }
  for (const [name, entry] of entries) if (!linked.has(name)) results.push(entry);
  return results;
}

function verifyNamespace(
  files: Files,
  root: Directory,
  namespace: string,
  entries: ReadonlyMap<string, Verified>,
  linked: Set<string>,
): readonly Verified[] {
  return inside(files, root, namespace, (folder) =>
    sorted(files, folder).map(({ name, kind }) => {
      const path = `${namespace}/${name}`;
      if (kind !== 'link') return foreign(path);
      const entryName = entryOfTarget(files.readLink(folder, name));
      if (entryName === undefined) return broken(path, 'leads to something that is no store entry');
      linked.add(entryName);
      const entry = entries.get(entryName);
      return entry === undefined
        ? broken(path, `leads to ${entryName}, which is missing`)
        : { path, digest: entry.digest, findings: entry.findings };
    }),
  );
}

function verifyStore(files: Files, root: Directory): ReadonlyMap<string, Verified> {
  return inside(files, root, META, (own) =>
    inside(files, own, 'store', (store) => {
      const names = sorted(files, store);
      return new Map(names.map(({ name }) => [name, verifyEntry(files, store, name)]));
    }),
  );
}

function verifyEntry(files: Files, store: Directory, name: string): Verified {
  const path = `${META}/store/${name}`;
  const digest = parseEntry(name)?.digest;
  if (digest === undefined || files.stat(store, name).kind !== 'directory') return foreign(path);
  return inside(files, store, name, (folder) => ({
    path,
    digest,
    findings: verifyDigest(readFolder(files, folder), digest),
  }));
}

function inside<T>(files: Files, parent: Directory, name: string, use: (folder: Directory) => T): T {
  return within(files, files.openDirectory(parent, name), use);
}

function sorted(files: Files, folder: Directory) {
  return files.list(folder).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function foreign(path: string): Verified {
  return { path, digest: undefined, findings: [{ code: 'foreign', path: '.', message: 'not made by Patchgen' }] };
}

function broken(path: string, message: string): Verified {
  return { path, digest: undefined, findings: [{ code: 'link', path: '.', message }] };
}

/** True where the directory is a root that an operator has made. */
export function isRoot(files: Files, folder: Directory): boolean {
  try {
    return files.stat(folder, META).kind === 'directory';
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
