import type { Directory } from '../../platform/files/files.ts';
import { removeTree } from '../../platform/files/remove-tree.ts';
import { packageDigest } from '../digest.ts';
import type { Package } from '../package.ts';
import { failed, storageFull } from './failures.ts';
import { PROBE_PREFIX } from './names.ts';
import type { Root, Site } from './site.ts';
import { stageTree } from './stage.ts';
import { examineTree } from './verify.ts';

const PROBE_FILES = [{ path: 'probe.txt', content: 'patchgen writes here\n' }];

/** A package for the self-test where none is given. */
export const PROBE: Package = Object.freeze({
  name: 'probe',
  changeDigest: '0'.repeat(64),
  digest: packageDigest(PROBE_FILES),
  files: PROBE_FILES,
  sizeBytes: 21,
});

/**
 * Publishes and removes a package in `staging/probe-<random>`, with every kind of step that a real one takes, and reads
 * it back through the link. Needs no epoch: standbys do it too. Throws RootUnusable when the volume does not keep bytes or modes.
 */
export function probeRoot(site: Site, root: Root): void {
  assertOneVolume(site, root);
  inProbe(site, root, (place) => {
    const { files, probe } = site;
    stageTree(files, place, 'staged', probe);
    files.rename(place, 'staged', place, 'entry');
    files.makeLink('entry', place, 'link-made');
    files.rename(place, 'link-made', place, 'link');
    files.makeLink('entry', place, 'link-made');
    files.rename(place, 'link-made', place, 'link');
    files.syncDirectory(place);
    const { verdict } = examineTree(files, place, files.readLink(place, 'link'), probe.digest);
    if (verdict === 'intact') return;
    throw failed(
      'RootUnusable',
      `the volume does not keep files and modes as they are written: ${place.path} was ${verdict}`,
    );
  });
}

/** Renames don't cross volumes, so nothing could be published atomically. */
function assertOneVolume({ files }: Site, root: Root): void {
  const { dev } = files.statDirectory(root.top);
  for (const place of [root.meta, root.store, root.staging, root.records, root.quarantine]) {
    if (files.statDirectory(place).dev === dev) continue;
    throw failed(
      'RootUnusable',
      `${place.path} is on another volume than ${root.top.path}; the package root must be one volume`,
    );
  }
}

/** Free bytes of a root that takes writes. Looks only, so that an idle operator writes nothing. Throws StorageFull below the limit. */
export function headRoomOf(site: Site, root: Root): { readonly availableBytes: number } {
  const availableBytes = site.files.availableBytes(root.top);
  if (availableBytes < site.minFreeBytes) {
    throw storageFull(root.top.path, { availableBytes, neededBytes: site.minFreeBytes });
  }
  site.files.assertWritable(root.staging);
  return { availableBytes };
}

function inProbe(site: Site, root: Root, use: (place: Directory) => void): void {
  const { files } = site;
  const name = `${PROBE_PREFIX}${site.random.hex(8)}`;
  files.makeDirectory(root.staging, name, 0o700);
  try {
    const place = files.openDirectory(root.staging, name);
    try {
      use(place);
    } finally {
      files.close(place);
    }
  } finally {
    removeTree(files, root.staging, name);
  }
}
