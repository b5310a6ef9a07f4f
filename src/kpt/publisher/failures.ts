import { type ErrorClass, Failure, failureOf } from '../../api/errors.ts';
import { REASONS, type Reason } from '../../api/reasons.ts';
import { FileError } from '../../platform/files/errno.ts';

/** What to make of each errno, other than by chance of where it came up. Source: the error sections of the manual pages. */
const REASON_OF: Readonly<Record<string, Reason>> = {
  ENOSPC: 'StorageFull',
  EDQUOT: 'StorageFull',
  EFBIG: 'StorageFull',
  EROFS: 'StorageReadOnly',
  EACCES: 'StorageForbidden',
  EPERM: 'StorageForbidden',
  EMFILE: 'StorageBusy',
  ENFILE: 'StorageBusy',
  ENOMEM: 'StorageBusy',
  EAGAIN: 'StorageBusy',
  EBUSY: 'StorageBusy',
  EINTR: 'StorageBusy',
  ENAMETOOLONG: 'InvalidPath',
  EINVAL: 'InvalidPath',
  ELOOP: 'UnsafePath',
  ENOTDIR: 'UnsafePath',
  EISDIR: 'UnsafePath',
  EXDEV: 'UnsafePath',
  EEXIST: 'UnsafePath',
  ENOTEMPTY: 'UnsafePath',
  ENOENT: 'RootUnusable',
};

const PHRASES: Partial<Record<Reason, string>> = {
  StorageFull: 'insufficient disk space',
  StorageForbidden: 'permission denied',
  StorageReadOnly: 'the volume is read-only',
  StorageBusy: 'out of file descriptors or memory',
  StorageIOError: 'input/output error',
  InvalidPath: 'the path is not valid',
  UnsafePath: 'something that the operator did not make is in the way',
  RootUnusable: 'part of the package root is missing',
};

/** Bytes that say more than ENOSPC does. */
export interface Room {
  readonly availableBytes: number;
  readonly neededBytes: number;
}

/** The failure of a row of the reason table, with that row's class. */
export function failed(reason: Reason, message: string, cause?: unknown): Failure {
  const kind = REASONS[reason].class;
  if (kind === 'Success') throw new TypeError(`${reason} is not a failure`);
  return failureOf(kind satisfies ErrorClass, reason, message, cause === undefined ? {} : { cause });
}

/** A file error as the failure that the reason table knows; failures pass through. Unlisted errno are taken for a broken volume. */
export function asStorageFailure(error: unknown, room?: () => Room): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof FileError)) return failed('InternalError', `publisher: ${String(error)}`, error);
  const reason = reasonOf(error);
  const words = `${PHRASES[reason]}: ${error.path} (${error.syscall}: ${error.code})`;
  return failed(reason, reason === 'StorageFull' && room ? `${words}; ${roomText(room())}` : words, error);
}

export function storageFull(path: string, room: Room): Failure {
  return failed('StorageFull', `insufficient disk space: ${path}; ${roomText(room)}`);
}

function roomText(room: Room): string {
  return `${room.availableBytes} bytes available, ${room.neededBytes} bytes needed`;
}

function reasonOf({ code, syscall }: FileError): Reason {
  // Some network and FUSE volumes can't sync a directory at all: nothing on them is ever durable.
  if (syscall === 'fsync' && code === 'EINVAL') return 'RootUnusable';
  return REASON_OF[code] ?? 'StorageIOError';
}
