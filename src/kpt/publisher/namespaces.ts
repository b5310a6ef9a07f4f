import { hasErrno } from '../../platform/files/errno.ts';
import type { Directory } from '../../platform/files/files.ts';
import { failed } from './failures.ts';
import { move, scratchName } from './fence.ts';
import { leadsTo } from './root.ts';
import type { Site, Tenure } from './site.ts';
import { discard } from './stage.ts';

/** The namespace directories that one batch works in: each opened once, synced once. */
export interface Namespaces {
  /** Undefined where there is none yet. Throws UnsafePath for a link or file in its place. */
  find(name: string): Directory | undefined;
  /** Finds it or makes it, by a rename out of our epoch like all else. */
  make(name: string): Directory;
  /** Marks that a name in it changed. */
  touch(name: string): void;
  /** Syncs what was touched. Calls `lost` for each namespace whose last changes may not last. */
  sync(lost: (name: string, error: unknown) => void): void;
  close(): void;
}

const MODE = 0o755;

export function openNamespaces(site: Site, tenure: Tenure): Namespaces {
  const open = new Map<string, Directory>();
  const touched = new Set<string>();
  const made = new Set<string>();
  const find = (name: string): Directory | undefined => {
    const held = open.get(name) ?? openNamespace(site, tenure, name);
    if (held !== undefined) open.set(name, held);
    return held;
  };
  return Object.freeze({
    find,
    make: (name: string) => {
      const present = find(name);
      if (present !== undefined) return present;
      makeNamespace(site, tenure, name);
      made.add(name);
      const directory = find(name);
      if (directory === undefined)
        throw failed('UnsafePath', `${tenure.root.top.path}/${name} vanished while it was made`);
      return directory;
    },
    touch: (name: string) => void touched.add(name),
    sync: (lost: (name: string, error: unknown) => void) => {
      for (const name of touched) attempt(name, lost, () => syncNamespace(site, tenure, name, open.get(name)));
      if (made.size > 0) syncTop(site, made, lost);
    },
    close: () => {
      for (const directory of open.values()) site.files.close(directory);
    },
  });
}

export function openNamespace(site: Site, tenure: Pick<Tenure, 'root'>, name: string): Directory | undefined {
  const { top } = tenure.root;
  try {
    return site.files.openDirectory(top, name);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    if (!hasErrno(error, 'ENOTDIR', 'ELOOP')) throw error;
    throw failed('UnsafePath', `${top.path}/${name} is not a directory; it was left as it is`, error);
  }
}

function makeNamespace(site: Site, tenure: Tenure, name: string): void {
  const { files } = site;
  const scratch = scratchName(site);
  files.makeDirectory(tenure.work, scratch, MODE);
  try {
    const directory = files.openDirectory(tenure.work, scratch);
    files.setMode(directory, MODE);
    files.close(directory);
    move(
      site,
      tenure,
      { directory: tenure.work, name: scratch },
      { directory: tenure.root.top, name },
      'namespace-made',
    );
  } catch (error) {
    discard(files, tenure.work, scratch);
    throw error;
  }
}

function syncNamespace(site: Site, tenure: Tenure, name: string, held: Directory | undefined): void {
  if (held === undefined) return;
  const { files } = site;
  files.syncDirectory(held);
  // Renames through a held descriptor land in the directory that was opened, even if it was moved away meanwhile.
  if (leadsTo(files, held, () => files.stat(tenure.root.top, name))) return;
  throw failed('UnsafePath', `${held.path} was replaced while a package was published there`);
}

function syncTop(site: Site, made: ReadonlySet<string>, lost: (name: string, error: unknown) => void): void {
  try {
    // A fresh descriptor, so that none is synced again after an error.
    const top = site.files.openTop(site.rootPath);
    try {
      site.files.syncDirectory(top);
    } finally {
      site.files.close(top);
    }
  } catch (error) {
    for (const name of made) lost(name, error);
  }
}

function attempt(name: string, lost: (name: string, error: unknown) => void, run: () => void): void {
  try {
    run();
  } catch (error) {
    lost(name, error);
  }
}
