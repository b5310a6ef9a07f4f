import { Failure } from '../../api/errors.ts';
import { removeTree } from '../../platform/files/remove-tree.ts';
import { sha256 } from '../digest.ts';
import { forgetEntry, leftoverOfEntry } from './catalogue.ts';
import { assertTenure, move, scratchName } from './fence.ts';
import { ALTERED_PREFIX, keyText, OWNER_FILE, PROBE_PREFIX, parseEntry, recordName } from './names.ts';
import { quarantine } from './repair.ts';
import { assertSameRoot } from './root.ts';
import { type Scan, scanRoot } from './scan.ts';
import type { Site, Tenure } from './site.ts';
import { examineTree } from './verify.ts';

export interface Swept {
  readonly removed: number;
  /** Leftovers whose time has not come, or that the next sweep will take. */
  readonly pending: number;
}

const PROBE_GRACE_MS = 3_600_000;
/** So that a sweep of many leftovers does not hold up publications for long. */
const MOST_REMOVALS = 500;

interface Leftover {
  /** Unique among all leftovers: `store/<entry>`, `records/<namespace>/<file>`, … */
  readonly id: string;
  readonly graceMs: number;
  readonly remove: () => void;
}

/**
 * Removes what nothing has used since this writer first saw it unused, `graceMs` ago or longer: store entries, records,
 * empty namespace directories; and probes of an hour. File times are not looked at: they may lie. At most
 * `MOST_REMOVALS` per call.
 */
export function sweep(site: Site, tenure: Tenure, graceMs: number): Swept {
  assertSameRoot(site, tenure.root);
  assertTenure(site.files, tenure);
  clearWork(site, tenure);
  const scan = scanRoot(site, tenure.root);
  const leftovers = [
    ...unusedEntries(site, tenure, scan, graceMs),
    ...unusedRecords(site, tenure, scan, graceMs),
    ...emptyNamespaces(site, tenure, scan, graceMs),
    ...oldProbes(site, tenure),
  ];
  const due = dueOf(tenure, leftovers, site.monotonic());
  let removed = 0;
  for (const leftover of due.slice(0, MOST_REMOVALS)) removed += attempt(site, tenure, leftover);
  return { removed, pending: leftovers.length - removed };
}

/** Starts the clock of what is new, forgets what is used again, and picks what has waited long enough. */
function dueOf(
  { catalogue: { unusedSince } }: Tenure,
  leftovers: readonly Leftover[],
  now: number,
): readonly Leftover[] {
  const present = new Set(leftovers.map(({ id }) => id));
  for (const id of unusedSince.keys()) if (!present.has(id)) unusedSince.delete(id);
  for (const { id } of leftovers) if (!unusedSince.has(id)) unusedSince.set(id, now);
  return leftovers.filter(({ id, graceMs }) => now - (unusedSince.get(id) ?? now) >= graceMs);
}

function attempt(site: Site, tenure: Tenure, { id, remove }: Leftover): number {
  try {
    remove();
    tenure.catalogue.unusedSince.delete(id);
    return 1;
  } catch (error) {
    if (error instanceof Failure && error.reason === 'LeadershipLost') throw error;
    site.tell({
      level: 'warn',
      message: 'leftover could not be removed',
      fields: { leftover: id, error: String(error) },
    });
    return 0;
  }
}

function unusedEntries(site: Site, tenure: Tenure, scan: Scan, graceMs: number): readonly Leftover[] {
  // A namespace that can't be read may hold links to any entry.
  if (scan.unreadable.length > 0) return [];
  const { root, catalogue } = tenure;
  const used = new Set([...scan.links.map(({ entry }) => entry), ...catalogue.links.values()]);
  return site.files.list(root.store).flatMap(({ name }) => {
    if (parseEntry(name) === undefined || used.has(name)) return [];
    return [{ id: leftoverOfEntry(name), graceMs, remove: () => removeEntry(site, tenure, name) }];
  });
}

/** An altered tree may hold somebody's file, so it goes to quarantine. */
function removeEntry(site: Site, tenure: Tenure, name: string): void {
  const { verdict } = examineTree(site.files, tenure.root.store, name, parseEntry(name)?.digest ?? '');
  if (verdict === 'altered') return quarantine(site, tenure, name);
  const scratch = scratchName(site);
  move(site, tenure, { directory: tenure.root.store, name }, { directory: tenure.work, name: scratch }, 'sweeping');
  forgetEntry(tenure.catalogue, name);
  removeTree(site.files, tenure.work, scratch);
}

function unusedRecords(site: Site, tenure: Tenure, scan: Scan, graceMs: number): readonly Leftover[] {
  if (scan.unreadable.length > 0) return [];
  const { files } = site;
  const used = new Set(
    scan.links.map(({ namespace, intent }) => keyText({ namespace, intent: recordName(intent, sha256) })),
  );
  return files.list(tenure.root.records).flatMap((entry): readonly Leftover[] => {
    if (entry.kind !== 'directory') return [];
    const namespace = entry.name;
    const directory = files.openDirectory(tenure.root.records, namespace);
    const names = files.list(directory).map(({ name }) => name);
    files.close(directory);
    return names
      .filter((name) => !used.has(`${namespace}/${name}`))
      .map((name) => ({
        id: `records/${namespace}/${name}`,
        graceMs,
        remove: () => removeRecord(site, tenure, namespace, name),
      }));
  });
}

function removeRecord(site: Site, tenure: Tenure, namespace: string, name: string): void {
  const directory = site.files.openDirectory(tenure.root.records, namespace);
  const scratch = scratchName(site);
  try {
    move(site, tenure, { directory, name }, { directory: tenure.work, name: scratch }, 'sweeping');
    removeTree(site.files, tenure.work, scratch);
  } finally {
    site.files.close(directory);
  }
}

/** rmdir takes nothing but an empty directory, so this one removal needs no fence. */
function emptyNamespaces(site: Site, { root }: Tenure, scan: Scan, graceMs: number): readonly Leftover[] {
  return scan.emptyNamespaces.map((name) => ({
    id: `namespace/${name}`,
    graceMs,
    remove: () => site.files.removeDirectory(root.top, name),
  }));
}

function oldProbes(site: Site, { root }: Tenure): readonly Leftover[] {
  return site.files.list(root.staging).flatMap(({ name }) => {
    if (!name.startsWith(PROBE_PREFIX)) return [];
    return [
      { id: `staging/${name}`, graceMs: PROBE_GRACE_MS, remove: () => removeTree(site.files, root.staging, name) },
    ];
  });
}

/** Between calls nothing is under construction but the head start of those behind this one; the rest was left by a failed step. */
function clearWork(site: Site, { root, work, prestaged }: Tenure): void {
  const ahead = new Set(prestaged.values());
  for (const { name } of site.files.list(work)) {
    if (name === OWNER_FILE || ahead.has(name)) continue;
    if (name.startsWith(ALTERED_PREFIX))
      site.files.rename(work, name, root.quarantine, name.slice(ALTERED_PREFIX.length));
    else removeTree(site.files, work, name);
  }
}
