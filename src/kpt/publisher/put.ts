import { hasErrno } from '../../platform/files/errno.ts';
import type { Package } from '../package.ts';
import { noteEntry } from './catalogue.ts';
import { storageFull } from './failures.ts';
import { move, scratchName } from './fence.ts';
import { assertLease } from './lease.ts';
import { entryName } from './names.ts';
import type { Site, Tenure } from './site.ts';
import { discard, stageTree } from './stage.ts';

const MOST_TRIES = 16;

/** Stages a package and renames it into the store under the next free number. Suspect until the batch has synced the store. */
export function putEntry(site: Site, tenure: Tenure, content: Package): string {
  assertLease(site.lease);
  assertRoom(site, tenure, content);
  const { work, root, catalogue } = tenure;
  const staged = takePrestaged(tenure, content.digest) ?? stage(site, tenure, content);
  try {
    for (let tries = 1; ; tries += 1) {
      const entry = entryName({ digest: content.digest, n: (catalogue.highest.get(content.digest) ?? 0) + 1 });
      // Noted first: a number is never used twice, not even after a rename that failed.
      noteEntry(catalogue, entry);
      try {
        move(site, tenure, { directory: work, name: staged }, { directory: root.store, name: entry }, 'staged');
        site.reach('in-store');
        catalogue.suspect.add(entry);
        return entry;
      } catch (error) {
        // Somebody put a tree there; ours goes beside it.
        if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR') || tries === MOST_TRIES) throw error;
      }
    }
  } catch (error) {
    discard(site.files, work, staged);
    throw error;
  }
}

function takePrestaged({ prestaged }: Tenure, digest: string): string | undefined {
  const name = prestaged.get(digest);
  prestaged.delete(digest);
  return name;
}

function stage(site: Site, { work }: Tenure, content: Package): string {
  const staged = scratchName(site);
  stageTree(site.files, work, staged, content);
  return staged;
}

/** Only a hint, since others write to the volume too; but it leaves the volume some air. */
function assertRoom(site: Site, { root }: Tenure, content: Package): void {
  const availableBytes = site.files.availableBytes(root.top);
  const neededBytes = content.sizeBytes + site.minFreeBytes;
  if (availableBytes < neededBytes) throw storageFull(root.top.path, { availableBytes, neededBytes });
}
