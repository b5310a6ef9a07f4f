import { type DigestFile, isPackagePath, packageDigest } from './digest.ts';
import type { FoundFile, FoundFolder } from './found.ts';
import { isPackageDirMode, isPackageFileMode, PACKAGE_DIR_MODE, PACKAGE_FILE_MODE, type Package } from './package.ts';

/**
 * What is wrong with a package on disk. `changed`: bytes differ · `missing` · `extra`: not a part of the package ·
 * `kind`: a link, folder or device where a file belongs · `mode`: other permissions · `name`: the folder's name does not
 * belong to the content · `digest`: the content is not what its digest says · `link`: it leads to no package · `foreign`:
 * nothing that Patchgen has made.
 */
export type FindingCode = 'changed' | 'missing' | 'extra' | 'kind' | 'mode' | 'name' | 'digest' | 'link' | 'foreign';

export interface PackageFinding {
  readonly code: FindingCode;
  /** Relative to the package; `.` is the package itself. */
  readonly path: string;
  readonly message: string;
}

/**
 * Checks a folder against the digest in its name, without knowing what it should hold. No finding means: these are the
 * bytes and modes that were published. Pure.
 */
export function verifyDigest(folder: FoundFolder, digest: string): readonly PackageFinding[] {
  const findings: PackageFinding[] = [...modeFindings(folder)];
  const files: DigestFile[] = [];
  for (const file of folder.files) {
    const odd = oddity(file);
    if (odd !== undefined) findings.push(odd);
    else if (file.content !== undefined) files.push({ path: file.path, content: file.content });
  }
  const actual = packageDigest(files);
  if (actual !== digest) {
    findings.push({ code: 'digest', path: '.', message: `content has digest ${actual}, not ${digest}` });
  }
  return findings;
}

/** Checks a folder against the package that it should be, file by file. Pure. */
export function verifyAgainst(folder: FoundFolder, expected: Package): readonly PackageFinding[] {
  const findings: PackageFinding[] = [...modeFindings(folder)];
  const found = new Map(folder.files.map((file) => [file.path, file]));
  for (const { path, content } of expected.files) {
    const file = found.get(path);
    found.delete(path);
    if (file === undefined) findings.push({ code: 'missing', path, message: 'missing' });
    else if (file.kind !== 'file') findings.push({ code: 'kind', path, message: `a ${file.kind}, not a file` });
    else if (file.content === undefined || !Buffer.from(content).equals(file.content)) {
      findings.push({ code: 'changed', path, message: 'content differs from what the change renders' });
    }
  }
  for (const path of found.keys()) findings.push({ code: 'extra', path, message: 'not a part of the package' });
  return findings;
}

function oddity(file: FoundFile): PackageFinding | undefined {
  const { path } = file;
  if (!isPackagePath(path)) return { code: 'extra', path, message: 'not a name that a package holds' };
  if (file.kind !== 'file') return { code: 'kind', path, message: `a ${file.kind}, not a file` };
  if (file.shared) return { code: 'kind', path, message: 'has a second name (hard link)' };
  if (file.content === undefined) return { code: 'changed', path, message: 'too large for a file of a package' };
  return undefined;
}

function modeFindings(folder: FoundFolder): readonly PackageFinding[] {
  const findings: PackageFinding[] = [];
  if (!isPackageDirMode(folder.mode)) findings.push(modeFinding('.', folder.mode, PACKAGE_DIR_MODE));
  for (const { path, kind, mode } of folder.files) {
    if (kind !== 'file' || isPackageFileMode(mode)) continue;
    findings.push(modeFinding(path, mode, PACKAGE_FILE_MODE));
  }
  return findings;
}

function modeFinding(path: string, mode: number, expected: number): PackageFinding {
  return { code: 'mode', path, message: `mode ${octal(mode)}, expected ${octal(expected)}` };
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}
