import { basename } from 'node:path';
import { type FoundFolder, readFolder } from '../../kpt/found.ts';
import { parseEntry } from '../../kpt/publisher/names.ts';
import { verifyDigest } from '../../kpt/verify.ts';
import { isRoot, type Verified, verifyRoot } from '../../kpt/verify-root.ts';
import { hasErrno } from '../../platform/files/errno.ts';
import type { Directory, Files } from '../../platform/files/files.ts';
import { within } from '../../platform/files/within.ts';
import { holdsPatch, looksLikePackage, nameInKptfile } from './read-plan.ts';
import { verifyFolder } from './verify-folder.ts';

/**
 * Checks what stands at a path: a package root (or the directory above it, as in `--output-dir`), a store entry or a link
 * that leads to one, a package folder, or a folder of package folders. An empty answer means that nothing there is a
 * package. Throws `FileError` where something can't be read.
 */
export function verifyDirectory(files: Files, path: string): readonly Verified[] {
  return within(files, files.openTop(path, { followLink: true }), (top) => {
    if (isRoot(files, top)) return verifyRoot(files, top);
    const below = openIfThere(files, top, 'packages');
    if (below !== undefined) {
      const results = within(files, below, (root) => (isRoot(files, root) ? verifyRoot(files, root) : undefined));
      if (results !== undefined) return results;
    }
    return verifyTree(files, top, path);
  });
}

function verifyTree(files: Files, top: Directory, path: string): readonly Verified[] {
  const digest = parseEntry(basename(top.path))?.digest;
  const folder = readFolder(files, top);
  if (digest !== undefined) return [{ path, digest, findings: verifyDigest(folder, digest) }];
  if (isPackage(top.path, folder)) return [verifyOne(top.path, path, folder)];
  const results: Verified[] = [];
  for (const { path: name, kind } of listed(files, top)) {
    if (kind !== 'directory') continue;
    within(files, files.openDirectory(top, name), (child) => {
      const found = readFolder(files, child);
      if (isPackage(name, found)) results.push(verifyOne(name, name, found));
    });
  }
  return results;
}

function verifyOne(name: string, shown: string, folder: FoundFolder): Verified {
  const { expected, findings } = verifyFolder(name, folder);
  return { path: shown, digest: expected?.digest, findings };
}

/** By any one of its name, its Kptfile and its patch: a package that lost one of them is still one, and its loss a finding. */
function isPackage(path: string, folder: FoundFolder): boolean {
  return looksLikePackage(basename(path)) || looksLikePackage(nameInKptfile(folder) ?? '') || holdsPatch(folder);
}

function listed(files: Files, folder: Directory) {
  const entries = files.list(folder).map(({ name, kind }) => ({ path: name, kind }));
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function openIfThere(files: Files, parent: Directory, name: string): Directory | undefined {
  try {
    return files.openDirectory(parent, name);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}
