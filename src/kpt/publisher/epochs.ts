import { hasErrno } from '../../platform/files/errno.ts';
import type { Directory, Files } from '../../platform/files/files.ts';
import { removeTree } from '../../platform/files/remove-tree.ts';
import { type Claimant, provablyDead, sameClaimant } from '../../platform/processes/claimant.ts';
import { failed } from './failures.ts';
import { assertLease } from './lease.ts';
import { ALTERED_PREFIX, OWNER_FILE, parseEpoch } from './names.ts';
import { readSmallFile } from './read-small-file.ts';
import type { Root, Site } from './site.ts';

export interface ClaimOptions {
  readonly takeOver: boolean;
  readonly exclusive: boolean;
}

export interface Epoch {
  readonly epoch: number;
  readonly work: Directory;
}

/** Ever more claimers at once would mean that they fight, not that they meet. */
const MOST_TRIES = 100;

/**
 * Takes the next epoch by an exclusive mkdir, then empties and removes all lower ones: from then on nothing that an
 * older leader does can reach a stable name. The highest epoch directory stays for ever, so no number is used twice.
 *
 * Throws RootUnusable when `exclusive` and the last owner may be alive, LeadershipLost past the lease or when a higher
 * epoch came up meanwhile.
 */
export function takeEpoch(site: Site, root: Root, options: ClaimOptions): Epoch {
  const { files } = site;
  const taken = makeNextEpoch(site, root, options);
  try {
    site.reach('epoch-made');
    files.setMode(taken.work, 0o700);
    files.writeFile(taken.work, OWNER_FILE, `${JSON.stringify(site.claimant)}\n`, { mode: 0o600, sync: true });
    files.syncDirectory(taken.work);
    site.reach('owner-written');
    endLowerEpochs(site, root, taken.epoch);
    files.syncDirectory(root.staging);
    assertHighest(files, root, taken.epoch);
    return taken;
  } catch (error) {
    files.close(taken.work);
    throw hasErrno(error, 'ENOENT') ? overtaken(taken.epoch, error) : error;
  }
}

/** Opens the epoch that this process took before its publisher thread died, emptied of what that thread left. */
export function resumeEpoch(site: Site, root: Root, epoch: number): Epoch {
  const { files } = site;
  assertHighest(files, root, epoch);
  const work = files.openDirectory(root.staging, String(epoch));
  try {
    const owner = ownerOf(files, root, epoch);
    if (owner === undefined || !sameClaimant(owner, site.claimant)) throw overtaken(epoch);
    emptyEpoch(site, root, work);
    return { epoch, work };
  } catch (error) {
    files.close(work);
    throw error;
  }
}

export function epochsOf(files: Files, root: Root): readonly number[] {
  const epochs = files
    .list(root.staging)
    .flatMap(({ name, kind }) => (kind === 'directory' ? [parseEpoch(name) ?? 0] : []));
  return epochs.filter((epoch) => epoch > 0).toSorted((a, b) => a - b);
}

function makeNextEpoch(site: Site, root: Root, options: ClaimOptions): Epoch {
  const { files } = site;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    assertLease(site.lease);
    const highest = epochsOf(files, root).at(-1) ?? 0;
    if (options.exclusive && !options.takeOver && highest > 0) assertOwnerGone(site, root, highest);
    const epoch = highest + 1;
    try {
      files.makeDirectory(root.staging, String(epoch), 0o700);
      return { epoch, work: files.openDirectory(root.staging, String(epoch)) };
    } catch (error) {
      // EEXIST: another claimer was faster. ENOENT: it was so much faster that it removed ours again.
      if (!hasErrno(error, 'EEXIST', 'ENOENT')) throw error;
    }
  }
  throw failed('RootUnusable', `epochs are taken faster than they can be counted: ${root.staging.path}`);
}

function assertOwnerGone(site: Site, root: Root, epoch: number): void {
  const owner = ownerOf(site.files, root, epoch);
  const gone = owner !== undefined && (sameClaimant(owner, site.claimant) || provablyDead(owner, site.claimant));
  if (gone) return;
  const who =
    owner === undefined ? 'a process that left no readable owner file' : `process ${owner.pid} on ${owner.host}`;
  throw failed(
    'RootUnusable',
    `package root ${root.top.path} belongs to ${who} (epoch ${epoch}); stop it, or start with --take-over`,
  );
}

function ownerOf(files: Files, root: Root, epoch: number): Claimant | undefined {
  try {
    const directory = files.openDirectory(root.staging, String(epoch));
    try {
      return parseOwner(readSmallFile(files, directory, OWNER_FILE));
    } finally {
      files.close(directory);
    }
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EFBIG', 'EISDIR', 'ENXIO')) return undefined;
    throw error;
  }
}

function parseOwner(text: string): Claimant | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { host, bootId, pid, startTime } = value as Partial<Record<keyof Claimant, unknown>>;
    if (typeof host !== 'string' || typeof bootId !== 'string' || typeof startTime !== 'string') return undefined;
    return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0
      ? { host, bootId, pid, startTime }
      : undefined;
  } catch {
    return undefined;
  }
}

function endLowerEpochs(site: Site, root: Root, epoch: number): void {
  const { files } = site;
  for (const lower of epochsOf(files, root).filter((other) => other < epoch)) {
    while (!endedEpoch(site, root, lower)) assertLease(site.lease);
    site.reach('lower-ended');
  }
}

/** False when its old leader put something in while we emptied it. */
function endedEpoch(site: Site, root: Root, lower: number): boolean {
  const { files } = site;
  try {
    const work = files.openDirectory(root.staging, String(lower));
    try {
      emptyEpoch(site, root, work, true);
    } finally {
      files.close(work);
    }
    files.removeDirectory(root.staging, String(lower));
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return true;
    if (hasErrno(error, 'ENOTEMPTY', 'EEXIST')) return false;
    throw error;
  }
}

/** Altered trees on their way to quarantine go there: they may hold somebody's files. All else in an epoch is ours. */
function emptyEpoch(site: Site, root: Root, work: Directory, withOwner = false): void {
  const { files } = site;
  for (const { name } of files.list(work)) {
    if (name === OWNER_FILE && !withOwner) continue;
    if (name.startsWith(ALTERED_PREFIX)) files.rename(work, name, root.quarantine, name.slice(ALTERED_PREFIX.length));
    else removeTree(files, work, name);
  }
}

function assertHighest(files: Files, root: Root, epoch: number): void {
  if (epochsOf(files, root).at(-1) !== epoch) throw overtaken(epoch);
}

function overtaken(epoch: number, cause?: unknown) {
  return failed('LeadershipLost', `epoch ${epoch} was ended by another leader`, cause);
}
