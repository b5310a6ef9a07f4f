import type { Directory } from '../../platform/files/files.ts';
import { emptyCatalogue, noteEntry } from './catalogue.ts';
import { type ClaimOptions, type Epoch, resumeEpoch, takeEpoch } from './epochs.ts';
import { failed } from './failures.ts';
import { keyOfText, keyText, parseEntry } from './names.ts';
import { openNamespace } from './namespaces.ts';
import type { PackageKey } from './publisher.ts';
import { closeRoot, openRoot, prepareRoot } from './root.ts';
import { scanRoot } from './scan.ts';
import type { Root, Site, Tenure } from './site.ts';
import { examineTree } from './verify.ts';

export interface Claimed {
  readonly tenure: Tenure;
  readonly tampered: readonly PackageKey[];
}

/**
 * Becomes the one writer of the root. What an old leader may have left unsynced is synced, and each link is verified by
 * full hash, before anything that was found may count. Restores nothing.
 *
 * `distrust` is true after a sync of an earlier claim failed: such a loss is reported only once, so a good sync now proves
 * nothing, and every package found is written anew at its next publication.
 */
export function claimRoot(site: Site, options: ClaimOptions, distrust: boolean): Claimed {
  const root = prepareRoot(site);
  return keepOrClose(site, root, () => {
    const tenure = tenureOf(root, takeEpoch(site, root, options));
    return keepWork(site, tenure, () => {
      syncAll(site, tenure, loadCatalogue(site, tenure));
      if (distrust) distrustAll(tenure);
      return { tenure, tampered: verifyLinks(site, tenure) };
    });
  });
}

/** Goes on in the epoch that this process holds, after its publisher thread died. `closed` are keys in doubt. */
export function resumeRoot(site: Site, epoch: number, closed: readonly string[]): Tenure {
  const root = openRoot(site);
  if (root === undefined) throw failed('RootUnusable', `package root is missing: ${site.rootPath}`);
  return keepOrClose(site, root, () => {
    const tenure = tenureOf(root, resumeEpoch(site, root, epoch));
    return keepWork(site, tenure, () => {
      syncAll(site, tenure, loadCatalogue(site, tenure));
      for (const key of closed) tenure.catalogue.closed.add(key);
      return tenure;
    });
  });
}

export function endTenure(site: Site, tenure: Tenure): void {
  site.files.close(tenure.work);
  closeRoot(site.files, tenure.root);
}

function tenureOf(root: Root, { epoch, work }: Epoch): Tenure {
  return Object.freeze({ root, epoch, work, catalogue: emptyCatalogue(), prestaged: new Map() });
}

/** Returns the namespaces that were found. */
function loadCatalogue(site: Site, { root, catalogue }: Tenure): ReadonlySet<string> {
  for (const { name } of site.files.list(root.store)) noteEntry(catalogue, name);
  const { links, emptyNamespaces } = scanRoot(site, root);
  for (const link of links) {
    catalogue.links.set(keyText(link), link.entry);
    noteEntry(catalogue, link.entry);
  }
  return new Set([...links.map(({ namespace }) => namespace), ...emptyNamespaces]);
}

function syncAll(site: Site, tenure: Tenure, namespaces: ReadonlySet<string>): void {
  const { files } = site;
  const { root } = tenure;
  files.syncDirectory(root.store);
  for (const name of namespaces) {
    const namespace = openNamespace(site, tenure, name);
    if (namespace !== undefined) syncAndClose(site, namespace);
  }
  files.syncDirectory(root.meta);
  files.syncDirectory(root.top);
}

function syncAndClose(site: Site, directory: Directory): void {
  try {
    site.files.syncDirectory(directory);
  } finally {
    site.files.close(directory);
  }
}

function distrustAll({ catalogue }: Tenure): void {
  for (const [key, entry] of catalogue.links) {
    catalogue.closed.add(key);
    catalogue.suspect.add(entry);
  }
}

function verifyLinks(site: Site, { root, catalogue }: Tenure): readonly PackageKey[] {
  const intact = new Map<string, boolean>();
  const tampered: PackageKey[] = [];
  for (const [key, entry] of catalogue.links) {
    const known = intact.get(entry) ?? isIntact(site, root, catalogue.fingerprints, entry);
    intact.set(entry, known);
    if (!known) tampered.push(keyOfText(key));
  }
  return tampered;
}

/** An entry that can't be read is not intact either; its own publication says why. */
function isIntact(site: Site, root: Root, fingerprints: Map<string, string>, entry: string): boolean {
  try {
    const { verdict, fingerprint } = examineTree(site.files, root.store, entry, parseEntry(entry)?.digest ?? '');
    if (fingerprint !== undefined) fingerprints.set(entry, fingerprint);
    return verdict === 'intact';
  } catch {
    return false;
  }
}

function keepOrClose<T>(site: Site, root: Root, use: () => T): T {
  try {
    return use();
  } catch (error) {
    closeRoot(site.files, root);
    throw error;
  }
}

function keepWork<T>(site: Site, tenure: Tenure, use: () => T): T {
  try {
    return use();
  } catch (error) {
    site.files.close(tenure.work);
    throw error;
  }
}
