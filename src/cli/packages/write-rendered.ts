import type { FolderOutcome } from '../../kpt/folder.ts';
import { writeFolders } from '../../kpt/folders.ts';
import { createOutput, openOutput, removeLeftovers } from '../../kpt/output-folder.ts';
import { systemClock } from '../../platform/clock.ts';
import { syncMany } from '../../platform/files/sync-many.ts';
import { systemFiles } from '../../platform/files/system-files.ts';
import { systemRandom } from '../../platform/random.ts';
import { Exit, type Io } from '../io.ts';
import { progressBar } from './progress-bar.ts';
import type { Rendered } from './render-intent.ts';

/** What became of one package; `rendered` where nothing was to be written. */
export type Outcome = FolderOutcome | 'rendered' | Error;

export interface WriteTo {
  readonly directory: string;
  readonly create: boolean;
  readonly force: boolean;
  readonly minFreeBytes: number;
}

/**
 * Writes the packages under the directory and resolves with their outcomes in the same order. Draws a progress bar on a
 * terminal. Ctrl-C stops between batches, so that no half of a package stays, and rejects with Exit 130.
 */
export async function writeRendered(io: Io, rendered: readonly Rendered[], to: WriteTo): Promise<readonly Outcome[]> {
  const deps = { files: systemFiles(), random: systemRandom, sync: syncMany };
  if (to.create) createOutput(deps, to.directory);
  const out = openOutput(deps, to.directory);
  const bar = progressBar(io.stderr, 'writing packages', rendered.length);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  try {
    removeLeftovers(deps, out, systemClock.now());
    const packages = rendered.map((one) => one.package);
    const { force, minFreeBytes } = to;
    const options = { force, minFreeBytes, onProgress: bar.show, signal: stop.signal };
    const results = await writeFolders(deps, out, packages, options);
    return results.map(({ outcome }) => outcome);
  } catch (error) {
    throw stop.signal.aborted ? new Exit(130, 'interrupted') : error;
  } finally {
    process.removeListener('SIGINT', interrupt);
    bar.end();
    deps.files.close(out);
  }
}
