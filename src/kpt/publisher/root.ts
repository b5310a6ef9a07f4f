import { basename, dirname } from 'node:path';
import { FileError, hasErrno } from '../../platform/files/errno.ts';
import type { Directory, Files } from '../../platform/files/files.ts';
import { failed } from './failures.ts';
import { identityOf, makeIdentity } from './identity.ts';
import { META } from './names.ts';
import type { Root, Site } from './site.ts';

const PUBLIC = 0o755;
const PRIVATE = 0o700;

/** Opens the root, made complete where something is missing. Throws RootUnusable for a missing mount, a link, a newer layout. */
export function prepareRoot(site: Site): Root {
  const { files, rootPath } = site;
  const parent = openOrRefuse(files, dirname(rootPath), true);
  try {
    makeTop(files, parent, basename(rootPath));
  } finally {
    files.close(parent);
  }
  return withTop(site, (top, hold) => {
    // A layout that we don't know is not added to.
    identityOf(files, top);
    const meta = hold(ensureDirectory(files, top, META, PUBLIC));
    const store = hold(ensureDirectory(files, meta, 'store', PUBLIC));
    const staging = hold(ensureDirectory(files, meta, 'staging', PRIVATE));
    const records = hold(ensureDirectory(files, meta, 'records', PRIVATE));
    const quarantine = hold(ensureDirectory(files, meta, 'quarantine', PRIVATE));
    return { rootId: makeIdentity(site, meta, staging), top, meta, store, staging, records, quarantine };
  });
}

/** Opens a root that exists; undefined where it does not. Makes nothing. */
export function openRoot(site: Site): Root | undefined {
  const { files } = site;
  try {
    return withTop(site, (top, hold) => {
      const identity = identityOf(files, top);
      if (identity === undefined) throw new FileError('ENOENT', 'open', `${site.rootPath}/${META}`);
      const meta = hold(files.openDirectory(top, META));
      const open = (name: string): Directory => hold(files.openDirectory(meta, name));
      const [store, staging, records, quarantine] = [
        open('store'),
        open('staging'),
        open('records'),
        open('quarantine'),
      ];
      return { rootId: identity.rootId, top, meta, store, staging, records, quarantine };
    });
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function closeRoot(files: Files, root: Root): void {
  for (const directory of [root.store, root.staging, root.records, root.quarantine, root.meta, root.top]) {
    files.close(directory);
  }
}

/**
 * Notices an unmounted volume, another one mounted over it, and a root that was moved or removed. Throws RootUnusable.
 */
export function assertSameRoot(site: Site, root: Root): void {
  const { files, rootPath } = site;
  const places = [
    [root.top, () => files.statPath(rootPath)],
    [root.meta, () => files.stat(root.top, META)],
    [root.store, () => files.stat(root.meta, 'store')],
    [root.staging, () => files.stat(root.meta, 'staging')],
  ] as const;
  for (const [held, look] of places) {
    if (!leadsTo(files, held, look)) {
      throw failed(
        'RootUnusable',
        `package root was replaced or went away: ${held.path} is not the directory that was opened`,
      );
    }
  }
}

/** True when what `look` finds by name is the directory held open. */
export function leadsTo(
  files: Files,
  held: Directory,
  look: () => { readonly dev: bigint; readonly ino: bigint },
): boolean {
  const opened = files.statDirectory(held);
  try {
    const present = look();
    return present.dev === opened.dev && present.ino === opened.ino;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/** Opens the top; what `use` holds is closed again when it throws. */
function withTop(site: Site, use: (top: Directory, hold: (directory: Directory) => Directory) => Root): Root {
  const top = openOrRefuse(site.files, site.rootPath, false);
  const held = [top];
  const hold = (directory: Directory): Directory => {
    held.push(directory);
    return directory;
  };
  try {
    if ((site.files.statDirectory(top).mode & 0o002) !== 0) {
      throw failed('RootUnusable', `package root is writable by everyone: ${top.path}; set its mode to 0755`);
    }
    return use(top, hold);
  } catch (error) {
    for (const directory of held) site.files.close(directory);
    throw error;
  }
}

function openOrRefuse(files: Files, path: string, followLink: boolean): Directory {
  try {
    return files.openTop(path, { followLink });
  } catch (error) {
    if (!hasErrno(error, 'ENOTDIR', 'ELOOP') && !(followLink && hasErrno(error, 'ENOENT'))) throw error;
    throw failed('RootUnusable', `package root is missing or not a plain directory: ${path}`, error);
  }
}

/** A root that is there already keeps the mode that its administrator gave it. */
function makeTop(files: Files, parent: Directory, name: string): void {
  if (!makeUnlessThere(files, parent, name, PUBLIC)) return;
  const top = files.openDirectory(parent, name);
  try {
    files.setMode(top, PUBLIC);
    files.syncDirectory(parent);
  } finally {
    files.close(top);
  }
}

/** Makes and opens a directory; its mode is right whatever the umask. Two processes may do it at once. */
function ensureDirectory(files: Files, parent: Directory, name: string, mode: number): Directory {
  const made = makeUnlessThere(files, parent, name, mode);
  const directory = files.openDirectory(parent, name);
  try {
    if (made) files.syncDirectory(parent);
    // Also what a crash left between mkdir and chmod. A group's bits may differ: Kubernetes' fsGroup widens them.
    if (made || (files.statDirectory(directory).mode & 0o707) !== (mode & 0o707)) files.setMode(directory, mode);
    return directory;
  } catch (error) {
    files.close(directory);
    throw error;
  }
}

function makeUnlessThere(files: Files, parent: Directory, name: string, mode: number): boolean {
  try {
    files.makeDirectory(parent, name, mode);
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    throw error;
  }
}
