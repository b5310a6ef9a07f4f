import { hasErrno } from '../../platform/files/errno.ts';
import type { Directory, Files } from '../../platform/files/files.ts';
import { failed } from './failures.ts';
import { assertLease } from './lease.ts';
import { leadsTo } from './root.ts';
import type { Site, Tenure } from './site.ts';

/** One name in one directory. */
export interface Place {
  readonly directory: Directory;
  readonly name: string;
}

/**
 * The one way in which anything is published, repaired or removed: a rename out of or into `staging/<epoch>`, under the
 * lease. Whoever took over has removed that directory, so the rename of a resumed old leader fails.
 *
 * Throws Cancelled LeadershipLost past the lease deadline or behind the fence, else `FileError`.
 */
export function move(site: Site, tenure: Tenure, from: Place, to: Place, point: string): void {
  site.reach(point);
  assertLease(site.lease);
  site.reach(`${point}-checked`);
  try {
    site.files.rename(from.directory, from.name, to.directory, to.name);
  } catch (error) {
    assertTenure(site.files, tenure, error);
    throw error;
  }
}

/** Throws Cancelled LeadershipLost when our epoch directory is gone: another leader removed it. */
export function assertTenure(files: Files, tenure: Tenure, cause?: unknown): void {
  if (cause !== undefined && !hasErrno(cause, 'ENOENT', 'ESTALE')) return;
  if (leadsTo(files, tenure.work, () => files.stat(tenure.root.staging, String(tenure.epoch)))) return;
  throw failed('LeadershipLost', `epoch ${tenure.epoch} was ended by another leader; nothing was changed`, cause);
}

/** A name for something under construction. */
export function scratchName(site: Site): string {
  return site.random.hex(8);
}
