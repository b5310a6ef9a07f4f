import { type ErrorClass, Failure, failureOf } from '../api/errors.ts';
import type { Reason } from '../api/reasons.ts';
import { errnoOf } from '../platform/files/errno.ts';

type Verdict = readonly [ErrorClass, Reason, string];

const FULL: Verdict = ['Transient', 'StorageFull', 'insufficient disk space'];
const FORBIDDEN: Verdict = ['Transient', 'StorageForbidden', 'permission denied'];
const BROKEN: Verdict = ['Transient', 'StorageIOError', 'input/output error'];
const BUSY: Verdict = ['Transient', 'StorageBusy', 'out of file descriptors or memory'];
const UNSAFE: Verdict = ['Waiting', 'UnsafePath', 'something unexpected is in the way'];

/** What an errno of a file operation means for what is done next. */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: ['Transient', 'StorageReadOnly', 'read-only file system'],
  EIO: BROKEN,
  ESTALE: BROKEN,
  ENOTCONN: BROKEN,
  ENXIO: BROKEN,
  EMFILE: BUSY,
  ENFILE: BUSY,
  ENOMEM: BUSY,
  ELOOP: UNSAFE,
  ENOTDIR: UNSAFE,
  EISDIR: UNSAFE,
  EEXIST: UNSAFE,
  ENOTEMPTY: UNSAFE,
  EXDEV: UNSAFE,
};

/**
 * The failure of the reason table for what a file operation on `path` threw. Failures and what is no system error come
 * back as they are; an errno without a row is an InternalError, so that it is seen.
 */
export function storageFailure(thrown: unknown, path: string): unknown {
  if (thrown instanceof Failure) return thrown;
  const errno = errnoOf(thrown);
  if (errno === undefined) return thrown;
  const [kind, reason, phrase] = VERDICTS[errno] ?? (['Transient', 'InternalError', 'file operation failed'] as const);
  return failureOf(kind, reason, `${phrase}: ${path} (${errno})`, { cause: thrown });
}

/** Not enough room for `needed` bytes on the volume of `path`. */
export function storageFull(path: string, available: number, needed: number): Failure {
  const message = `insufficient disk space: ${available} bytes available and ${needed} needed at ${path}`;
  return failureOf('Transient', 'StorageFull', message);
}
