import type { Root, Site } from './site.ts';

/**
 * Makes the renames into the store durable. Returns the error, and opens the store anew after one: a second sync of
 * the same descriptor would report success for what is lost.
 */
export function syncStore(site: Site, root: Root): unknown {
  const { files } = site;
  try {
    files.syncDirectory(root.store);
    return undefined;
  } catch (error) {
    const broken = root.store;
    root.store = files.openDirectory(root.meta, 'store');
    files.close(broken);
    return error;
  }
}
