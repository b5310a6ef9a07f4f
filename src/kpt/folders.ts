import type { Directory } from '../platform/files/files.ts';
import {
  discardFolder,
  type FolderDeps,
  type FolderOutcome,
  placeFolder,
  type StagedFolder,
  stageFolder,
  syncFolder,
} from './folder.ts';
import type { Package } from './package.ts';
import { asStorageFailure, storageFull } from './publisher/failures.ts';

export interface FolderResult {
  readonly package: Package;
  /** What was done, or the error that kept this one package from being written. */
  readonly outcome: FolderOutcome | Error;
}

export interface WriteOptions {
  readonly force: boolean;
  /** Bytes that must be free on the volume beyond what the packages need. */
  readonly minFreeBytes: number;
  /** Called after each batch with the number of packages done. */
  readonly onProgress?: (done: number) => void;
  /** Stops between batches; what is placed by then stays. */
  readonly signal?: AbortSignal;
}

/** Packages that are synced together. More gain little and hold more open files. */
const BATCH = 16;
/** Blocks of five small files, their folder and the entry, on common file systems. */
const BYTES_PER_PACKAGE = 32 * 1024;
/**
 * Writes each package as a folder under `out`, whole or not at all, and resolves once all that succeeded are durable.
 * The results are in the order of the packages. One package's failure does not keep the others from being written.
 * Rejects with StorageFull before anything is written where the volume has too little room.
 */
export async function writeFolders(
  deps: FolderDeps,
  out: Directory,
  packages: readonly Package[],
  options: WriteOptions,
): Promise<readonly FolderResult[]> {
  assertRoom(deps, out, packages.length, options.minFreeBytes);
  const results: FolderResult[] = [];
  for (let start = 0; start < packages.length; start += BATCH) {
    options.signal?.throwIfAborted();
    const batch = packages.slice(start, start + BATCH);
    results.push(...(await writeBatch(deps, out, batch, options.force)));
    options.onProgress?.(results.length);
  }
  return results;
}

async function writeBatch(
  deps: FolderDeps,
  out: Directory,
  packages: readonly Package[],
  force: boolean,
): Promise<readonly FolderResult[]> {
  const staged = packages.map((pkg) => attempt(() => stageFolder(deps, out, pkg, force)));
  const synced = await Promise.all(staged.map(async (step) => (step instanceof Error ? step : sync(deps, out, step))));
  const placed = synced.map((step) => (step instanceof Error ? step : attempt(() => placeFolder(deps, out, step))));
  const lost = syncOut(deps, out);
  return packages.map((pkg, index) => ({ package: pkg, outcome: lost ?? placed[index] ?? new Error('no outcome') }));
}

async function sync(deps: FolderDeps, out: Directory, staged: StagedFolder): Promise<StagedFolder | Error> {
  try {
    await syncFolder(deps, out, staged);
    return staged;
  } catch (error) {
    discardFolder(deps, out, staged);
    return asError(error);
  }
}

/** The error with which the renames of a batch may have been lost, or undefined where they are durable. */
function syncOut({ files }: FolderDeps, out: Directory): Error | undefined {
  const done = attempt(() => files.syncDirectory(out));
  return done instanceof Error ? asStorageFailure(done) : undefined;
}

function assertRoom({ files }: FolderDeps, out: Directory, count: number, minFreeBytes: number): void {
  const neededBytes = minFreeBytes + count * BYTES_PER_PACKAGE;
  const availableBytes = files.availableBytes(out);
  if (availableBytes < neededBytes) throw storageFull(out.path, { availableBytes, neededBytes });
}

function attempt<T>(run: () => T): T | Error {
  try {
    return run();
  } catch (error) {
    return asError(error);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
