import { hasErrno } from '../../platform/files/errno.ts';
import type { Directory } from '../../platform/files/files.ts';
import { standingAt } from './links.ts';
import { IDENTITY_FILE, isIntentName, isNamespaceName, META, PROBE_PREFIX, parseEntry, parseEpoch } from './names.ts';
import type { PackageKey } from './publisher.ts';
import type { Root, Site } from './site.ts';

export interface FoundLink extends PackageKey {
  readonly entry: string;
}

export interface Scan {
  readonly links: readonly FoundLink[];
  /** Namespace directories in which nothing stands. */
  readonly emptyNamespaces: readonly string[];
  /** Paths relative to the root of what is not ours, at most `MOST_FOREIGN`. */
  readonly foreign: readonly string[];
  /** Namespace directories that could not be read: their links are not known. */
  readonly unreadable: readonly string[];
}

const MOST_FOREIGN = 1000;
const META_NAMES: ReadonlySet<string> = new Set([IDENTITY_FILE, 'store', 'staging', 'records', 'quarantine']);

/** Everything under the root as it stands on disk now, our links and the foreign things. Changes nothing. */
export function scanRoot(site: Site, root: Root): Scan {
  const { files } = site;
  const found: Found = { links: [], emptyNamespaces: [], foreign: [], unreadable: [] };
  for (const { name, kind } of files.list(root.top)) {
    if (name === META) continue;
    if (kind !== 'directory' || !isNamespaceName(name)) found.foreign.push(name);
    else scanSafely(site, root.top, name, found);
  }
  found.foreign.push(...foreignInMeta(site, root));
  return { ...found, foreign: found.foreign.slice(0, MOST_FOREIGN) };
}

interface Found {
  readonly links: FoundLink[];
  readonly emptyNamespaces: string[];
  readonly foreign: string[];
  readonly unreadable: string[];
}

/** One namespace that can't be read must not hide the others. */
function scanSafely(site: Site, top: Directory, name: string, found: Found): void {
  const links: FoundLink[] = [];
  try {
    const directory = site.files.openDirectory(top, name);
    try {
      if (scanNamespace(site, directory, name, links, found.foreign) === 0) found.emptyNamespaces.push(name);
      for (const link of links) found.links.push(link);
    } finally {
      site.files.close(directory);
    }
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return;
    (hasErrno(error, 'ENOTDIR', 'ELOOP') ? found.foreign : found.unreadable).push(name);
  }
}

function scanNamespace(
  site: Site,
  directory: Directory,
  namespace: string,
  links: FoundLink[],
  foreign: string[],
): number {
  const listed = site.files.list(directory);
  for (const { name, kind } of listed) {
    const standing =
      kind === 'link' && isIntentName(name) ? standingAt(site.files, directory, name) : { kind: 'foreign' as const };
    if (standing.kind === 'ours') links.push({ namespace, intent: name, entry: standing.entry });
    else if (standing.kind === 'foreign') foreign.push(`${namespace}/${name}`);
  }
  return listed.length;
}

function foreignInMeta(site: Site, root: Root): readonly string[] {
  const { files } = site;
  const strange = (directory: Directory, place: string, known: (name: string) => boolean): readonly string[] =>
    files.list(directory).flatMap(({ name }) => (known(name) ? [] : [`${place}/${name}`]));
  return [
    ...strange(root.meta, META, (name) => META_NAMES.has(name)),
    ...strange(root.store, `${META}/store`, (name) => parseEntry(name) !== undefined),
    ...strange(
      root.staging,
      `${META}/staging`,
      (name) => parseEpoch(name) !== undefined || name.startsWith(PROBE_PREFIX),
    ),
  ];
}
