import { expect, it } from 'vitest';
import type { Call } from '../../../../src/kpt/publisher/messages.ts';
import { FileError } from '../../../../src/platform/files/errno.ts';
import type { Files } from '../../../../src/platform/files/files.ts';
import { systemFiles } from '../../../../src/platform/files/system-files.ts';
import {
  claimedWriter,
  packageOf,
  publishCall,
  residueOf,
  temporaryMount,
  wholeDigestAt,
  writerOn,
} from '../../../support/package-root.ts';

/** Files that count the blocking syncs of file contents, and fail those later ones that `fails` picks. */
function watched(fails: (path: string) => boolean = () => false): {
  files: Files;
  synced: () => number;
  later: () => number;
} {
  const real = systemFiles();
  const counts = { synced: 0, later: 0 };
  const packaged = new Set(packageOf(1).files.map(({ path }) => path));
  const files: Files = {
    ...real,
    writeFile(parent, name, content, options) {
      if (options.sync && packaged.has(name)) counts.synced += 1;
      real.writeFile(parent, name, content, options);
    },
    async syncLater(opened) {
      counts.later += 1;
      if (fails(opened.path)) throw new FileError('EIO', 'fsync', opened.path, undefined);
      await real.syncLater(opened);
    },
  };
  return { files, synced: () => counts.synced, later: () => counts.later };
}

const CALLS: readonly Call[] = [publishCall('shop/a', 1), publishCall('shop/b', 2), publishCall('shop/c', 1)];

it('a batch with a head start stages nothing itself, and syncs each distinct tree whole', async () => {
  using mount = temporaryMount();
  const { files, synced, later } = watched();
  const writer = claimedWriter(mount.root, { files });
  await writer.writer.prepare(CALLS);
  expect(later()).toBe(2 * 6);
  expect(writer.run(...CALLS).every(({ ok }) => ok)).toBe(true);
  expect(synced()).toBe(0);
  for (const [key, text] of [
    ['shop/a', 1],
    ['shop/b', 2],
    ['shop/c', 1],
  ] as const) {
    expect(wholeDigestAt(mount.root, key)).toBe(packageOf(text).digest);
  }
  expect(residueOf(mount.root)).toEqual([]);
});

it('a tree whose sync failed is thrown away and staged anew by the batch; the others keep their head start', async () => {
  using mount = temporaryMount();
  let first: string | undefined;
  const { files, synced } = watched((path) => {
    first ??= path.slice(0, path.lastIndexOf('/'));
    return path.startsWith(first) && path.endsWith('Kptfile');
  });
  const writer = claimedWriter(mount.root, { files });
  await writer.writer.prepare(CALLS);
  expect(writer.run(...CALLS).every(({ ok }) => ok)).toBe(true);
  expect(synced()).toBe(5);
  expect(wholeDigestAt(mount.root, 'shop/a')).toBe(packageOf(1).digest);
  expect(residueOf(mount.root)).toEqual([]);
});

it('what a head start made and the batch did not need is gone afterwards', async () => {
  using mount = temporaryMount();
  const writer = claimedWriter(mount.root);
  await writer.writer.prepare(CALLS);
  expect(residueOf(mount.root).length).toBeGreaterThan(0);
  writer.run(publishCall('shop/other', 9));
  expect(residueOf(mount.root)).toEqual([]);
});

it('content that the store has seen, and calls of a writer without a claim, get no head start', async () => {
  using mount = temporaryMount();
  const { files, later } = watched();
  const unclaimed = writerOn(mount.root, { files });
  await unclaimed.writer.prepare(CALLS);
  const writer = claimedWriter(mount.root, { files });
  writer.run(...CALLS);
  await writer.writer.prepare(CALLS);
  expect(later()).toBe(0);
});

it('past the lease nothing is staged, neither ahead nor by the batch', async () => {
  using mount = temporaryMount();
  const made: string[] = [];
  const real = systemFiles();
  const files: Files = {
    ...real,
    makeDirectory(parent, name, mode) {
      made.push(name);
      real.makeDirectory(parent, name, mode);
    },
  };
  const writer = claimedWriter(mount.root, { files });
  made.length = 0;
  writer.site.lease.extend(0n);
  await writer.writer.prepare(CALLS);
  expect(writer.run(...CALLS).map((answer) => answer.ok)).toEqual([false, false, false]);
  expect(made).toEqual([]);
});

it('a sweep between the head start and the publication leaves the head start alone', async () => {
  using mount = temporaryMount();
  const { files, synced } = watched();
  const writer = claimedWriter(mount.root, { files });
  const sweep: Call = { id: 0, name: 'sweep', argument: 3_600_000 };
  await writer.writer.prepare(CALLS);
  expect(writer.run(sweep, ...CALLS)).toMatchObject([{ ok: true }, { ok: true }, { ok: true }, { ok: true }]);
  expect(synced()).toBe(0);
  expect(residueOf(mount.root)).toEqual([]);
});
