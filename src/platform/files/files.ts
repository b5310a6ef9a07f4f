/** A directory held open. `path` is what people call it, for messages; operations go through the descriptor where they can. */
export interface Directory {
  readonly fd: number;
  readonly path: string;
}

/** A file held open after it was written, not synced yet. `path` is for messages. */
export interface OpenFile {
  readonly fd: number;
  readonly path: string;
}

export type FileKind = 'file' | 'directory' | 'link' | 'other';

export interface FileStat {
  readonly kind: FileKind;
  /** Permission bits with set-id and sticky bits (0o7777). */
  readonly mode: number;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly nlink: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** A volume as an unprivileged process may use it. File systems that make inodes as they need them report 0 of 0. */
export interface Volume {
  readonly availableBytes: number;
  readonly sizeBytes: number;
  readonly freeInodes: number;
  readonly inodes: number;
}

export interface Listed {
  readonly name: string;
  readonly kind: FileKind;
}

/**
 * The door to the file system: synchronous single steps, each relative to a directory that is held open, so that nobody
 * can redirect them by replacing a parent with a link. `name` is always one plain path segment. Links are never
 * followed. Every operation throws `FileError`.
 */
export interface Files {
  /** Opens a directory by its path; parents may be links, the last component only with `followLink`. */
  openTop(path: string, options?: { readonly followLink?: boolean }): Directory;
  openDirectory(parent: Directory, name: string): Directory;
  /** Closes a directory or file, with its errors checked. */
  close(opened: Directory | OpenFile): void;
  makeDirectory(parent: Directory, name: string, mode: number): void;
  /** Sets the mode whatever the umask. */
  setMode(directory: Directory, mode: number): void;
  /** fsync of the directory. After an error the descriptor must not be synced again (the kernel reports a loss once). */
  syncDirectory(directory: Directory): void;
  /** Creates a file that must not exist, writes all of it, sets the mode whatever the umask, syncs it if asked, closes it with its errors checked. */
  writeFile(parent: Directory, name: string, content: string | Uint8Array, options: WriteOptions): void;
  /** Like `writeFile`, but keeps the file open and unsynced, so that many can be synced at the same time. */
  createFile(parent: Directory, name: string, content: string | Uint8Array, mode: number): OpenFile;
  /** fsync that does not block: the others may run meanwhile. The rule of `syncDirectory` about errors holds here too. */
  syncLater(opened: Directory | OpenFile): Promise<void>;
  /**
   * Reads a regular file in pieces; the piece is reused, so copy what you keep. Never blocks on a FIFO; anything but a
   * regular file throws. A file that ends before its size throws EIO.
   */
  readPieces(parent: Directory, name: string, piece: (bytes: Uint8Array) => void): void;
  makeLink(target: string, parent: Directory, name: string): void;
  readLink(parent: Directory, name: string): string;
  rename(from: Directory, fromName: string, to: Directory, toName: string): void;
  /** Hard link: fails with EEXIST where rename would replace. */
  hardLink(from: Directory, fromName: string, to: Directory, toName: string): void;
  unlink(parent: Directory, name: string): void;
  removeDirectory(parent: Directory, name: string): void;
  list(directory: Directory): readonly Listed[];
  /** True when anything stands at the name. Cheaper than an operation that fails. */
  has(parent: Directory, name: string): boolean;
  /** lstat of one name. */
  stat(parent: Directory, name: string): FileStat;
  statDirectory(directory: Directory): FileStat;
  /** lstat of a path as it stands now, to compare with a directory that was opened before. */
  statPath(path: string): FileStat;
  /** Bytes that an unprivileged process can still write on the volume. */
  availableBytes(directory: Directory): number;
  /** The volume that the directory is on. */
  volume(directory: Directory): Volume;
  /** Throws EACCES or EROFS where this process may not write into the directory. Writes nothing to find out. */
  assertWritable(directory: Directory): void;
}

export interface WriteOptions {
  readonly mode: number;
  readonly sync: boolean;
}
