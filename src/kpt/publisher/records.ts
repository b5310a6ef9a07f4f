import { hasErrno } from '../../platform/files/errno.ts';
import type { Directory } from '../../platform/files/files.ts';
import { sha256 } from '../digest.ts';
import { move, scratchName } from './fence.ts';
import { recordName } from './names.ts';
import type { PackageKey, PublishRequest } from './publisher.ts';
import { readSmallFile } from './read-small-file.ts';
import type { Site, Tenure } from './site.ts';
import { discard } from './stage.ts';

/** Writes who asked and why, when it differs from what is there. Advisory: what goes wrong is told, and fails nothing. */
export function keepRecord(site: Site, tenure: Tenure, { namespace, intent, record }: PublishRequest): void {
  advise(site, { namespace, intent }, () => {
    // One order of members, so that equal records are equal texts.
    const { uid, generation, reason, source, correlationId } = record;
    const text = `${JSON.stringify({ namespace, intent, uid, generation, reason, source, correlationId })}\n`;
    const name = recordName(intent, sha256);
    const directory = recordsOf(site, tenure, namespace, true);
    if (directory === undefined) return;
    try {
      if (readOrNothing(site, directory, name) !== text) writeRecord(site, tenure, directory, name, text);
    } finally {
      site.files.close(directory);
    }
  });
}

export function dropRecord(site: Site, tenure: Tenure, key: PackageKey): void {
  advise(site, key, () => {
    const directory = recordsOf(site, tenure, key.namespace, false);
    if (directory === undefined) return;
    const scratch = scratchName(site);
    try {
      const from = { directory, name: recordName(key.intent, sha256) };
      move(site, tenure, from, { directory: tenure.work, name: scratch }, 'record-removing');
      discard(site.files, tenure.work, scratch);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
    } finally {
      site.files.close(directory);
    }
  });
}

function writeRecord(site: Site, tenure: Tenure, directory: Directory, name: string, text: string): void {
  const scratch = scratchName(site);
  try {
    site.files.writeFile(tenure.work, scratch, text, { mode: 0o600, sync: false });
    move(site, tenure, { directory: tenure.work, name: scratch }, { directory, name }, 'record-written');
  } catch (error) {
    discard(site.files, tenure.work, scratch);
    throw error;
  }
}

function recordsOf(site: Site, { root }: Tenure, namespace: string, make: boolean): Directory | undefined {
  try {
    return site.files.openDirectory(root.records, namespace);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
    if (!make) return undefined;
    site.files.makeDirectory(root.records, namespace, 0o700);
    return site.files.openDirectory(root.records, namespace);
  }
}

function readOrNothing(site: Site, directory: Directory, name: string): string | undefined {
  if (!site.files.has(directory, name)) return undefined;
  try {
    return readSmallFile(site.files, directory, name);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EFBIG')) return undefined;
    throw error;
  }
}

function advise(site: Site, key: PackageKey, run: () => void): void {
  try {
    run();
  } catch (error) {
    site.tell({
      level: 'warn',
      message: 'record of a package was not updated',
      fields: { ...key, error: String(error) },
    });
  }
}
