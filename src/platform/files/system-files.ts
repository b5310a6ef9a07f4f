import * as fs from 'node:fs';
import { confinement, type Locate } from './confinement.ts';
import { errnoOf, FileError } from './errno.ts';
import type { Directory, FileKind, FileStat, Files } from './files.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;
const PIECE_BYTES = 65_536;

/** The real file system. `locate` is given by tests only. */
export function systemFiles(locate: Locate = confinement(process.platform)): Files {
  return Object.freeze({ ...directories(locate), ...contents(locate), ...entries(locate), ...looking(locate) });
}

function directories(locate: Locate) {
  return {
    openTop(path, options = {}) {
      const flags = O_RDONLY | O_DIRECTORY | (options.followLink ? 0 : O_NOFOLLOW);
      return named('open', path, () => ({ fd: fs.openSync(path, flags), path: fs.realpathSync(path) }));
    },
    openDirectory(parent, name) {
      const path = `${parent.path}/${name}`;
      const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
      return named('open', path, () => ({ fd: fs.openSync(locate(parent, name), flags), path }));
    },
    close: (directory) => named('close', directory.path, () => fs.closeSync(directory.fd)),
    makeDirectory: (parent, name, mode) => {
      at('mkdir', parent, name, () => fs.mkdirSync(locate(parent, name), { mode }));
    },
    setMode: (directory, mode) => named('chmod', directory.path, () => fs.fchmodSync(directory.fd, mode)),
    syncDirectory: (directory) => named('fsync', directory.path, () => fs.fsyncSync(directory.fd)),
    removeDirectory: (parent, name) => at('rmdir', parent, name, () => fs.rmdirSync(locate(parent, name))),
  } satisfies Partial<Files>;
}

function contents(locate: Locate) {
  const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  return {
    writeFile(parent, name, content, { mode, sync }) {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
      const fd = at('open', parent, name, () => fs.openSync(locate(parent, name), flags, mode));
      closing(fd, parent, name, () => {
        at('chmod', parent, name, () => fs.fchmodSync(fd, mode));
        at('write', parent, name, () => writeAll(fd, bytes));
        if (sync) at('fsync', parent, name, () => fs.fsyncSync(fd));
      });
    },
    createFile(parent, name, content, mode) {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
      const fd = at('open', parent, name, () => fs.openSync(locate(parent, name), flags, mode));
      try {
        at('chmod', parent, name, () => fs.fchmodSync(fd, mode));
        at('write', parent, name, () => writeAll(fd, bytes));
        return { fd, path: `${parent.path}/${name}` };
      } catch (error) {
        fs.closeSync(fd);
        throw error;
      }
    },
    syncLater: ({ fd, path }) =>
      new Promise<void>((resolve, reject) => {
        fs.fsync(fd, (error) => (error === null ? resolve() : reject(located(error, 'fsync', path))));
      }),
    readPieces(parent, name, piece) {
      const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
      const fd = at('open', parent, name, () => fs.openSync(locate(parent, name), flags));
      closing(fd, parent, name, () => at('read', parent, name, () => readAll(fd, buffer, piece)));
    },
  } satisfies Partial<Files>;
}

function entries(locate: Locate) {
  return {
    makeLink: (target, parent, name) => {
      at('symlink', parent, name, () => fs.symlinkSync(target, locate(parent, name)));
    },
    readLink: (parent, name) => at('readlink', parent, name, () => fs.readlinkSync(locate(parent, name))),
    rename: (from, fromName, to, toName) => {
      at('rename', to, toName, () => fs.renameSync(locate(from, fromName), locate(to, toName)));
    },
    hardLink: (from, fromName, to, toName) => {
      at('link', to, toName, () => fs.linkSync(locate(from, fromName), locate(to, toName)));
    },
    unlink: (parent, name) => at('unlink', parent, name, () => fs.unlinkSync(locate(parent, name))),
  } satisfies Partial<Files>;
}

function looking(locate: Locate) {
  return {
    list: (directory) =>
      named('readdir', directory.path, () =>
        fs
          .readdirSync(locate(directory, ''), { withFileTypes: true })
          .map((entry) => ({ name: entry.name, kind: kindOf(entry) })),
      ),
    has: (parent, name) =>
      at('lstat', parent, name, () => fs.lstatSync(locate(parent, name), { throwIfNoEntry: false }) !== undefined),
    stat: (parent, name) =>
      at('lstat', parent, name, () => statOf(fs.lstatSync(locate(parent, name), { bigint: true }))),
    statDirectory: (directory) =>
      named('fstat', directory.path, () => statOf(fs.fstatSync(directory.fd, { bigint: true }))),
    statPath: (path) => named('lstat', path, () => statOf(fs.lstatSync(path, { bigint: true }))),
    availableBytes: (directory) =>
      named('statfs', directory.path, () => {
        const { bavail, bsize } = fs.statfsSync(locate(directory, ''));
        return bavail * bsize;
      }),
    volume: (directory) =>
      named('statfs', directory.path, () => {
        const { bavail, bsize, blocks, ffree, files } = fs.statfsSync(locate(directory, ''));
        return { availableBytes: bavail * bsize, sizeBytes: blocks * bsize, freeInodes: ffree, inodes: files };
      }),
    assertWritable: (directory) =>
      named('access', directory.path, () => fs.accessSync(locate(directory, ''), fs.constants.W_OK)),
  } satisfies Partial<Files>;
}

/** Closes whatever happens, and lets a close error count only where nothing failed before it. */
function closing(fd: number, parent: Directory, name: string, use: () => void): void {
  try {
    use();
  } catch (error) {
    try {
      fs.closeSync(fd);
    } catch {
      // The first error is the one to tell.
    }
    throw error;
  }
  at('close', parent, name, () => fs.closeSync(fd));
}

/** write(2) may take less than it was given. */
function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done, bytes.length - done);
}

function readAll(fd: number, buffer: Uint8Array, piece: (bytes: Uint8Array) => void): void {
  const stat = fs.fstatSync(fd);
  if (!stat.isFile()) throw Object.assign(new Error('not a regular file'), { code: 'ENOTDIR' });
  let total = 0;
  for (;;) {
    const count = fs.readSync(fd, buffer, 0, buffer.length, null);
    if (count === 0) break;
    total += count;
    piece(buffer.subarray(0, count));
  }
  if (total < stat.size) throw Object.assign(new Error('file ended early'), { code: 'EIO' });
}

interface Kinded {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

function kindOf(entry: Kinded): FileKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

function statOf(stat: fs.BigIntStats): FileStat {
  const { dev, ino, nlink, size, mtimeNs, ctimeNs } = stat;
  return { kind: kindOf(stat), mode: Number(stat.mode & 0o7777n), dev, ino, nlink, size, mtimeNs, ctimeNs };
}

function at<T>(syscall: string, parent: Directory, name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw located(error, syscall, `${parent.path}/${name}`);
  }
}

function named<T>(syscall: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw located(error, syscall, path);
  }
}

function located(error: unknown, syscall: string, path: string): unknown {
  const code = errnoOf(error);
  return code === undefined || error instanceof FileError ? error : new FileError(code, syscall, path, error);
}
