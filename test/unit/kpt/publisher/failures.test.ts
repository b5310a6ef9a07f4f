import { expect, it } from 'vitest';
import { REASONS } from '../../../../src/api/reasons.ts';
import { asStorageFailure, failed } from '../../../../src/kpt/publisher/failures.ts';
import { FileError } from '../../../../src/platform/files/errno.ts';

const POLICY: Readonly<Record<string, readonly [reason: keyof typeof REASONS, phrase: string]>> = {
  ENOSPC: ['StorageFull', 'insufficient disk space'],
  EDQUOT: ['StorageFull', 'insufficient disk space'],
  EROFS: ['StorageReadOnly', 'read-only'],
  EIO: ['StorageIOError', 'input/output error'],
  ESTALE: ['StorageIOError', 'input/output error'],
  ENOTCONN: ['StorageIOError', 'input/output error'],
  EMFILE: ['StorageBusy', 'out of file descriptors'],
  ENFILE: ['StorageBusy', 'out of file descriptors'],
  EACCES: ['StorageForbidden', 'permission denied'],
  EPERM: ['StorageForbidden', 'permission denied'],
  ENAMETOOLONG: ['InvalidPath', 'not valid'],
  EINVAL: ['InvalidPath', 'not valid'],
  ELOOP: ['UnsafePath', 'in the way'],
  ENOTDIR: ['UnsafePath', 'in the way'],
  EXDEV: ['UnsafePath', 'in the way'],
  EEXIST: ['UnsafePath', 'in the way'],
  ENOENT: ['RootUnusable', 'missing'],
};

it.each(Object.entries(POLICY))('%s has its reason, its class, its phrase and the path', (code, [reason, phrase]) => {
  const failure = asStorageFailure(new FileError(code, 'write', '/packages/shop/web'));
  expect([failure.reason, failure.class]).toEqual([reason, REASONS[reason].class]);
  expect(failure.message).toContain(phrase);
  expect(failure.message).toContain('/packages/shop/web');
});

it('a full volume tells how much there is and how much is needed', () => {
  const failure = asStorageFailure(new FileError('ENOSPC', 'write', '/p'), () => ({
    availableBytes: 10,
    neededBytes: 20,
  }));
  expect(failure.message).toBe('insufficient disk space: /p (write: ENOSPC); 10 bytes available, 20 bytes needed');
});

it('a volume that can not sync directories is unusable, not an invalid path', () => {
  expect(asStorageFailure(new FileError('EINVAL', 'fsync', '/p')).reason).toBe('RootUnusable');
});

it('failures pass through, and anything else is an internal error', () => {
  const lost = failed('LeadershipLost', 'x');
  expect(asStorageFailure(lost)).toBe(lost);
  expect(asStorageFailure(new TypeError('oops')).reason).toBe('InternalError');
});
