import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { Change } from './change.ts';

/**
 * The format of the packages' bytes, and a part of every change digest. Any change of a byte that is not a change of the
 * intent needs a new number; test/golden holds format 1 to its bytes.
 */
export const FORMAT = 1;

/** A package name is a label value, so it can stand in `metadata.labels` of what a user makes from it. */
export const MAX_PACKAGE_NAME = 63;
const NAME_DIGITS = 12;

/** What the package digest needs to know of a file: a path relative to the package (no `./`) and its bytes. */
export interface DigestFile {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/** sha256 as 64 lower-case hex digits; text is hashed as UTF-8. */
export function sha256(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex');
}

/**
 * sha256 of the canonical JSON of `{format, target, type, values}`: who asked, why, when and where has no part in it.
 * Throws Rejected MarshalFailed for values that JSON can't hold exactly.
 */
export function changeDigest(change: Change): string {
  const { apiVersion, kind, namespace, name } = change.target;
  const target = { apiVersion, kind, namespace, name };
  return sha256(canonicalJson({ format: FORMAT, type: change.type, target, values: change.values }));
}

/** The line that `sha256sum ./<path>` prints, without its line end. */
export function digestLine(path: string, fileDigest: string): string {
  return `${fileDigest}  ./${path}`;
}

/** The package digest from lines made by `digestLine`, in any order. */
export function digestOfLines(lines: readonly string[]): string {
  // Every line begins with ASCII hex and paths are ASCII, so code-unit order is the byte order of LC_ALL=C.
  return sha256(`${lines.toSorted().join('\n')}\n`);
}

/**
 * sha256 of the sorted `sha256sum` lines of the files. A shell computes the same:
 *
 *     cd <package> && find . -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum
 *
 * Paths must be plain ASCII names without backslash or line end (sha256sum would escape those); see `isPackagePath`.
 * Modes are no part of it: `verify` checks them apart.
 */
export function packageDigest(files: readonly DigestFile[]): string {
  return digestOfLines(files.map((file) => digestLine(file.path, sha256(file.content))));
}

/** True for the paths that a package may hold: one plain ASCII name, not `.` or `..`. */
export function isPackagePath(path: string): boolean {
  return /^[A-Za-z0-9._-]{1,255}$/.test(path) && path !== '.' && path !== '..';
}

/**
 * `<target, cut>-<type>-<first 12 hex digits of the change digest>`: at most 63 characters, a valid label value and
 * folder name for every target and type that match the name rules.
 */
export function packageName(change: Change, digest: string): string {
  const room = MAX_PACKAGE_NAME - change.type.length - NAME_DIGITS - 2;
  return `${change.target.name.slice(0, room)}-${change.type}-${digest.slice(0, NAME_DIGITS)}`;
}
