import { removeTree } from '../../platform/files/remove-tree.ts';
import { forgetEntry, usersOf } from './catalogue.ts';
import { asStorageFailure } from './failures.ts';
import { move, scratchName } from './fence.ts';
import { pointLink, standingAt } from './links.ts';
import { ALTERED_PREFIX, keyOfText } from './names.ts';
import type { Namespaces } from './namespaces.ts';
import type { Site, Tenure } from './site.ts';

/** Altered trees that are kept for people to look at; beyond it the oldest go, with a line in the log. */
export const MOST_QUARANTINED = 100;

/**
 * Lets every other link to an altered entry lead to its replacement. Returns false when one could not be moved: then
 * the altered tree must stay where it is, and that link's own publication tells why.
 */
export function swapLinks(site: Site, tenure: Tenure, namespaces: Namespaces, altered: string, entry: string): boolean {
  let all = true;
  for (const key of usersOf(tenure.catalogue, altered)) {
    const { namespace, intent } = keyOfText(key);
    try {
      const directory = namespaces.find(namespace);
      const standing = directory === undefined ? { kind: 'none' as const } : standingAt(site.files, directory, intent);
      if (directory === undefined || standing.kind !== 'ours' || standing.entry !== altered) continue;
      pointLink(site, tenure, directory, intent, entry);
      namespaces.touch(namespace);
      tenure.catalogue.links.set(key, entry);
      tenure.catalogue.restored.add(key);
    } catch (error) {
      all = false;
      site.tell({
        level: 'warn',
        message: 'link to an altered package was not moved',
        fields: { key, reason: asStorageFailure(error).reason },
      });
    }
  }
  return all;
}

/**
 * Moves an altered tree out of the store, through our epoch, into quarantine, with all that was found in it. What goes
 * wrong here harms no package: it is told and left for the sweep.
 */
export function quarantine(site: Site, tenure: Tenure, entry: string): void {
  const kept = `${timeStamp()}-${entry}-${scratchName(site)}`;
  const passing = `${ALTERED_PREFIX}${kept}`;
  const { work, root, catalogue } = tenure;
  try {
    move(site, tenure, { directory: root.store, name: entry }, { directory: work, name: passing }, 'retiring');
    site.reach('retired');
    move(site, tenure, { directory: work, name: passing }, { directory: root.quarantine, name: kept }, 'quarantining');
    forgetEntry(catalogue, entry);
    site.tell({ level: 'warn', message: 'altered package kept in quarantine', fields: { entry, kept } });
    boundQuarantine(site, tenure);
  } catch (error) {
    site.tell({
      level: 'warn',
      message: 'altered package could not be moved to quarantine',
      fields: { entry, error: String(error) },
    });
  }
}

function boundQuarantine(site: Site, { root }: Tenure): void {
  const kept = site.files
    .list(root.quarantine)
    .map(({ name }) => name)
    .toSorted();
  for (const name of kept.slice(0, Math.max(0, kept.length - MOST_QUARANTINED))) {
    removeTree(site.files, root.quarantine, name);
    site.tell({
      level: 'warn',
      message: 'quarantine is full: the oldest altered package was removed',
      fields: { name },
    });
  }
}

/** Sorts by age as text. */
function timeStamp(): string {
  return new Date().toISOString().replaceAll(/[-:.]/g, '');
}
