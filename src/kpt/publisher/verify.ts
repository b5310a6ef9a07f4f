import { createHash, hash } from 'node:crypto';
import { hasErrno } from '../../platform/files/errno.ts';
import type { Directory, FileStat, Files } from '../../platform/files/files.ts';
import { digestLine, digestOfLines } from '../digest.ts';
import { isPackageDirMode, isPackageFileMode } from '../package.ts';

/** `altered`: a changed, missing or extra file, or a wrong mode. */
export type Verdict = 'intact' | 'altered' | 'missing';

export interface Examined {
  readonly verdict: Verdict;
  /** Stat of the tree from before it was hashed; undefined unless intact and settled. */
  readonly fingerprint: string | undefined;
}

interface Looked {
  readonly plain: boolean;
  readonly names: readonly string[];
  readonly newestChangeNs: bigint;
  readonly fingerprint: string;
}

/** No file system in use has coarser time stamps than this. */
const SETTLED_AFTER_NS = 2_000_000_000n;
const MOST_FILES = 1000;
const LARGEST_FILE_BYTES = 64n * 1024n * 1024n;

/**
 * Hashes a tree whole and compares it with its digest. Throws `FileError` when it can't be read (EIO, EACCES): that says
 * nothing about its content.
 *
 * A fingerprint is given only when the newest change lies some time back: a change within the same tick of the file
 * system's clock would not show in it.
 */
export function examineTree(files: Files, parent: Directory, name: string, digest: string): Examined {
  return withTree(files, parent, name, (tree) => {
    const looked = lookAt(files, tree);
    if (!looked.plain || digestOfTree(files, tree, looked.names) !== digest) return ALTERED;
    const age = BigInt(Date.now()) * 1_000_000n - looked.newestChangeNs;
    return { verdict: 'intact', fingerprint: age > SETTLED_AFTER_NS ? looked.fingerprint : undefined };
  });
}

/** The fingerprint of a tree as it is now, or undefined for anything that is not a plain tree. Reads no content. */
export function fingerprintOf(files: Files, parent: Directory, name: string): string | undefined {
  let found: string | undefined;
  withTree(files, parent, name, (tree) => {
    const looked = lookAt(files, tree);
    found = looked.plain ? looked.fingerprint : undefined;
    return ALTERED;
  });
  return found;
}

const ALTERED: Examined = Object.freeze({ verdict: 'altered', fingerprint: undefined });
const MISSING: Examined = Object.freeze({ verdict: 'missing', fingerprint: undefined });

function withTree(files: Files, parent: Directory, name: string, use: (tree: Directory) => Examined): Examined {
  const tree = openTree(files, parent, name);
  if (typeof tree === 'string') return tree === 'missing' ? MISSING : ALTERED;
  try {
    return use(tree);
  } catch (error) {
    // A file that went away between the listing and the reading, or became a link or FIFO.
    if (hasErrno(error, 'ENOENT', 'ELOOP', 'ENOTDIR', 'EISDIR', 'ENXIO')) return ALTERED;
    throw error;
  } finally {
    files.close(tree);
  }
}

function openTree(files: Files, parent: Directory, name: string): Directory | 'missing' | 'altered' {
  try {
    return files.openDirectory(parent, name);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return 'missing';
    if (hasErrno(error, 'ENOTDIR', 'ELOOP')) return 'altered';
    throw error;
  }
}

function lookAt(files: Files, tree: Directory): Looked {
  const listed = files.list(tree);
  const own = files.statDirectory(tree);
  const names = listed.map((entry) => entry.name).toSorted();
  let plain = isPackageDirMode(own.mode) && names.length <= MOST_FILES;
  let newestChangeNs = own.ctimeNs;
  const facts = [factsOf('', own)];
  for (const name of plain ? names : []) {
    const stat = files.stat(tree, name);
    plain &&= isPlainFile(stat);
    if (stat.ctimeNs > newestChangeNs) newestChangeNs = stat.ctimeNs;
    facts.push(factsOf(name, stat));
  }
  return { plain, names, newestChangeNs, fingerprint: hash('sha1', facts.join('\n'), 'base64') };
}

/** A second hard link would let someone change the file where nobody looks. */
function isPlainFile(stat: FileStat): boolean {
  if (stat.kind !== 'file' || stat.nlink !== 1n || stat.size > LARGEST_FILE_BYTES) return false;
  return isPackageFileMode(stat.mode);
}

function factsOf(name: string, { dev, ino, mode, size, mtimeNs, ctimeNs }: FileStat): string {
  return `${name} ${dev} ${ino} ${mode} ${size} ${mtimeNs} ${ctimeNs}`;
}

function digestOfTree(files: Files, tree: Directory, names: readonly string[]): string {
  return digestOfLines(
    names.map((name) => {
      const sum = createHash('sha256');
      files.readPieces(tree, name, (bytes) => sum.update(bytes));
      return digestLine(name, sum.digest('hex'));
    }),
  );
}
