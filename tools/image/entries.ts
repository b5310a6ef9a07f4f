/** What lies in a layer: a list of entries, so that nothing has to be unpacked, copied or owned by root to make an image. */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join, posix } from 'node:path';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

interface Common {
  /** From the root of the image, without a slash at either end. */
  readonly path: string;
  readonly mode: number;
  readonly owner: Owner;
}

export type Entry =
  | (Common & { readonly kind: 'folder' })
  | (Common & { readonly kind: 'file'; readonly content: Buffer })
  /** Read when the archive is written. */
  | (Common & { readonly kind: 'copy'; readonly source: string; readonly size: number })
  | (Common & { readonly kind: 'link'; readonly target: string });

export const ROOT_OWNER: Owner = Object.freeze({ uid: 0, gid: 0 });

export function folder(path: string, owner: Owner = ROOT_OWNER, mode = 0o755): Entry {
  return { kind: 'folder', path, mode, owner };
}

export function file(path: string, content: string | Buffer, mode = 0o644): Entry {
  return { kind: 'file', path, mode, owner: ROOT_OWNER, content: Buffer.from(content) };
}

export function link(path: string, target: string): Entry {
  return { kind: 'link', path, mode: 0o777, owner: ROOT_OWNER, target };
}

/** A file of this machine, with links resolved. It is executable for all or for nobody, whatever the umask was. */
export function copy(path: string, source: string, mode = 0o644): Entry {
  return { kind: 'copy', path, mode, owner: ROOT_OWNER, source, size: lengthOf(source) };
}

function lengthOf(source: string): number {
  const stat = lstatSync(source);
  if (!stat.isFile()) throw new Error(`${source}: not a plain file, it cannot be copied into an image`);
  return stat.size;
}

/** Sorted by path, once each, with every folder on the way. Throws when two different entries have one path. */
export function complete(entries: readonly Entry[]): Entry[] {
  const byPath = new Map<string, Entry>();
  for (const entry of entries) {
    if (byPath.has(entry.path)) throw new Error(`two entries of the image have the path ${entry.path}`);
    byPath.set(entry.path, entry);
  }
  for (const { path } of entries)
    for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent))
      if (!byPath.has(parent)) byPath.set(parent, folder(parent));
  return [...byPath.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/** Everything below a folder of this machine, owned by root. Throws for anything but folders, plain files and symbolic links. */
export function entriesOf(rootfs: string): Entry[] {
  const below = (path: string): Entry[] =>
    readdirSync(join(rootfs, path)).flatMap((name) => {
      const inside = posix.join(path, name);
      const source = join(rootfs, inside);
      const stat = lstatSync(source);
      if (stat.isDirectory()) return [folder(inside), ...below(inside)];
      if (stat.isSymbolicLink()) return [link(inside, readlinkSync(source))];
      return [copy(inside, source, (stat.mode & 0o111) === 0 ? 0o644 : 0o755)];
    });
  return complete(below(''));
}
