import { FileError, hasErrno } from '../../platform/files/errno.ts';
import type { Directory, Files } from '../../platform/files/files.ts';
import { removeTree } from '../../platform/files/remove-tree.ts';
import { failed } from './failures.ts';
import { IDENTITY_FILE, META, PROBE_PREFIX } from './names.ts';
import { readSmallFile } from './read-small-file.ts';
import type { Site } from './site.ts';

/** Grows when the shape below `.patchgen` changes so that an older operator must keep off. */
export const LAYOUT = 1;

export interface Identity {
  readonly rootId: string;
  readonly layout: number;
}

/** The identity of a root, or undefined when it has none yet. Throws RootUnusable when it can't be read or is newer. */
export function identityOf(files: Files, top: Directory): Identity | undefined {
  const meta = openIfThere(files, top, META);
  if (meta === undefined) return undefined;
  try {
    return readIdentity(files, meta);
  } finally {
    files.close(meta);
  }
}

/**
 * Gives the root its identity, once: of several pods that come at the same time, all read what the first one linked.
 * A hard link, not a rename: it fails where the name is taken, and the file is complete before it has the name.
 */
export function makeIdentity(site: Site, meta: Directory, staging: Directory): string {
  const { files, random } = site;
  const present = readIdentity(files, meta);
  if (present !== undefined) return present.rootId;
  const probe = `${PROBE_PREFIX}${random.hex(8)}`;
  files.makeDirectory(staging, probe, 0o700);
  const place = files.openDirectory(staging, probe);
  try {
    const identity: Identity = { rootId: random.uuid(), layout: LAYOUT };
    files.writeFile(place, IDENTITY_FILE, `${JSON.stringify(identity)}\n`, { mode: 0o644, sync: true });
    site.reach('identity-written');
    linkUnlessTaken(files, place, meta);
    files.syncDirectory(meta);
  } finally {
    files.close(place);
    removeTree(files, staging, probe);
  }
  const made = readIdentity(files, meta);
  if (made === undefined) throw failed('RootUnusable', `package root lost its identity: ${meta.path}/${IDENTITY_FILE}`);
  return made.rootId;
}

function linkUnlessTaken(files: Files, place: Directory, meta: Directory): void {
  try {
    files.hardLink(place, IDENTITY_FILE, meta, IDENTITY_FILE);
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
  }
}

function readIdentity(files: Files, meta: Directory): Identity | undefined {
  const path = `${meta.path}/${IDENTITY_FILE}`;
  const text = readOrRefuse(files, meta, path);
  if (text === undefined) return undefined;
  const identity = parseIdentity(text);
  if (identity === undefined) throw failed('RootUnusable', `package root identity can't be read: ${path}`);
  if (identity.layout > LAYOUT) {
    const versions = `layout ${identity.layout}, and this operator knows layout ${LAYOUT}`;
    throw failed('RootUnusable', `package root was written by a newer operator: ${path} says ${versions}`);
  }
  return identity;
}

function readOrRefuse(files: Files, meta: Directory, path: string): string | undefined {
  try {
    return readSmallFile(files, meta, IDENTITY_FILE);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    if (!(error instanceof FileError) || !hasErrno(error, 'ELOOP', 'ENOTDIR', 'EISDIR', 'ENXIO')) throw error;
    throw failed('RootUnusable', `package root identity is not a plain file: ${path}`, error);
  }
}

function parseIdentity(text: string): Identity | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('rootId' in value) || !('layout' in value)) return undefined;
    const { rootId, layout } = value;
    if (typeof rootId !== 'string' || rootId === '' || typeof layout !== 'number' || !(layout >= 1)) return undefined;
    return { rootId, layout };
  } catch {
    return undefined;
  }
}

function openIfThere(files: Files, parent: Directory, name: string): Directory | undefined {
  try {
    return files.openDirectory(parent, name);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
