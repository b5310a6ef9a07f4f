/** One file of a package. `path` is a plain name relative to the package folder. */
export interface PackageFile {
  readonly path: string;
  readonly content: string;
}

/** A rendered package: bytes in memory, no file touched. */
export interface Package {
  /** `<target cut>-<type>-<12 hex of changeDigest>`: a valid label value and folder name. */
  readonly name: string;
  /** 64 lower-case hex digits: sha256 of the canonical change. */
  readonly changeDigest: string;
  /** 64 lower-case hex digits: sha256 of the sorted `sha256sum` lines of the files. */
  readonly digest: string;
  /** Sorted by path. */
  readonly files: readonly PackageFile[];
  readonly sizeBytes: number;
}

/** Modes of every published package, whatever the umask: readers need no right but to read. */
export const PACKAGE_DIR_MODE = 0o755;
export const PACKAGE_FILE_MODE = 0o644;

/** Kubernetes' fsGroup, and a umask of 002, add group write; fsGroup adds set-group-id to folders. */
const DIR_TOLERANCE = 0o2020;
const FILE_TOLERANCE = 0o020;

export const isPackageDirMode = (mode: number): boolean => (mode & ~DIR_TOLERANCE) === PACKAGE_DIR_MODE;
export const isPackageFileMode = (mode: number): boolean => (mode & ~FILE_TOLERANCE) === PACKAGE_FILE_MODE;
