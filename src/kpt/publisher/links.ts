import { hasErrno } from '../../platform/files/errno.ts';
import type { Directory, Files } from '../../platform/files/files.ts';
import { failed } from './failures.ts';
import { move, scratchName } from './fence.ts';
import { entryOfTarget, linkTarget } from './names.ts';
import type { Site, Tenure } from './site.ts';
import { discard } from './stage.ts';

/** What stands at a stable name: nothing, a link of ours to a store entry, or something that is not ours. */
export type Standing =
  | { readonly kind: 'none' }
  | { readonly kind: 'ours'; readonly entry: string }
  | { readonly kind: 'foreign' };

export function standingAt(files: Files, namespace: Directory, intent: string): Standing {
  if (!files.has(namespace, intent)) return { kind: 'none' };
  try {
    const entry = entryOfTarget(files.readLink(namespace, intent));
    return entry === undefined ? { kind: 'foreign' } : { kind: 'ours', entry };
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return { kind: 'none' };
    if (hasErrno(error, 'EINVAL')) return { kind: 'foreign' };
    throw error;
  }
}

/** The entry that a link of ours leads to, undefined where nothing stands. Throws UnsafePath for anything else. */
export function ownEntryAt(files: Files, namespace: Directory, intent: string): string | undefined {
  const standing = standingAt(files, namespace, intent);
  if (standing.kind === 'none') return undefined;
  if (standing.kind === 'ours') return standing.entry;
  throw failed('UnsafePath', `${namespace.path}/${intent} is not a link that the operator made; it was left as it is`);
}

/** Lets the stable name lead to an entry, by one rename over whatever link stands there. */
export function pointLink(site: Site, tenure: Tenure, namespace: Directory, intent: string, entry: string): void {
  const { files } = site;
  const name = scratchName(site);
  files.makeLink(linkTarget(entry), tenure.work, name);
  try {
    move(site, tenure, { directory: tenure.work, name }, { directory: namespace, name: intent }, 'link-made');
  } catch (error) {
    discard(files, tenure.work, name);
    throw error;
  }
  site.reach('linked');
}

/** Takes the link away: renamed into our epoch, then unlinked there. */
export function takeLink(site: Site, tenure: Tenure, namespace: Directory, intent: string): void {
  const name = scratchName(site);
  move(site, tenure, { directory: namespace, name: intent }, { directory: tenure.work, name }, 'removing');
  site.reach('link-taken');
  if (standingAt(site.files, tenure.work, name).kind === 'ours') return discard(site.files, tenure.work, name);
  // Somebody put another thing there between our look and the rename.
  site.files.rename(tenure.work, name, namespace, intent);
  throw failed('UnsafePath', `${namespace.path}/${intent} is not a link that the operator made; it was left as it is`);
}
