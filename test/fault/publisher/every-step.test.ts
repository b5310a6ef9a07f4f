import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Call } from '../../../src/kpt/publisher/messages.ts';
import { FileError } from '../../../src/platform/files/errno.ts';
import type { Directory, Files } from '../../../src/platform/files/files.ts';
import { systemFiles } from '../../../src/platform/files/system-files.ts';
import {
  CLAIM,
  claimedWriter,
  MEMORY,
  packageOf,
  publishCall,
  removeCall,
  residueOf,
  temporaryMount,
  wholeDigestAt,
  writerOn,
} from '../../support/package-root.ts';
import { runChild } from './processes.ts';

/** Makes the nth operation fail, counted over all kinds but close. */
function failing(nth: () => number | undefined, code: string, counted: { count: number }): Files {
  const files = systemFiles();
  const wrap = <Operation extends (...given: never[]) => unknown>(name: string, run: Operation): Operation =>
    ((...given: never[]) => {
      counted.count += 1;
      if (counted.count === nth()) throw new FileError(code, name, 'injected');
      return run(...given);
    }) as Operation;
  const wrapped = Object.entries(files).map(([name, run]) => [name, name === 'close' ? run : wrap(name, run)]);
  return Object.fromEntries(wrapped) as Files;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'StorageFull',
  EDQUOT: 'StorageFull',
  EROFS: 'StorageReadOnly',
  EIO: 'StorageIOError',
  ESTALE: 'StorageIOError',
  EMFILE: 'StorageBusy',
  EACCES: 'StorageForbidden',
};

const CALLS: readonly Call[] = [
  publishCall('shop/web', 2),
  publishCall('fresh/two', 2),
  publishCall('shop/three', 3),
  removeCall('shop/gone'),
];
const WANTED = { 'shop/web': packageOf(2), 'fresh/two': packageOf(2), 'shop/three': packageOf(3) };

it.each(Object.entries(REASONS))(
  '%s at any one operation is told as %s, harms no published package, leaves nothing behind, and is overcome',
  (code, reason) => {
    for (let nth = 1; ; nth += 1) {
      using mount = temporaryMount(MEMORY);
      const counted = { count: 0 };
      let armed: number | undefined;
      const writer = claimedWriter(mount.root, { files: failing(() => armed, code, counted) });
      writer.run(publishCall('shop/web', 1), publishCall('shop/gone', 1), publishCall('shop/three', 1));
      counted.count = 0;
      armed = nth;
      const answers = writer.run(...CALLS);
      if (counted.count < nth) return expect(nth).toBeGreaterThan(60);
      armed = undefined;
      for (const answer of answers) if (!answer.ok) expect(answer.failure.reason, `operation ${nth}`).toBe(reason);
      for (const key of ['shop/web', 'shop/three'])
        expect([packageOf(1).digest, packageOf(2).digest, packageOf(3).digest]).toContain(
          wholeDigestAt(mount.root, key),
        );
      for (const answer of writer.run(...CALLS))
        expect(answer.ok, `operation ${nth}: ${JSON.stringify(answer)}`).toBe(true);
      for (const [key, content] of Object.entries(WANTED))
        expect(wholeDigestAt(mount.root, key), `operation ${nth}`).toBe(content.digest);
      writer.value({ id: 0, name: 'sweep', argument: 0 });
      expect(residueOf(mount.root), `operation ${nth}`).toEqual([]);
      expect(fs.existsSync(join(mount.root, 'shop/gone'))).toBe(false);
    }
  },
  120_000,
);

it('after a failed sync of a directory nothing counts as published until it was written anew', () => {
  for (const place of ['/store', '/shop']) {
    using mount = temporaryMount(MEMORY);
    const failed = new Set<Directory>();
    let broken = false;
    const files = systemFiles();
    const faulty: Files = {
      ...files,
      syncDirectory(directory) {
        // The kernel tells of a loss once: a second sync of the same descriptor would lie.
        expect(failed.has(directory), 'a descriptor is not synced again after an error').toBe(false);
        if (broken && directory.path.endsWith(place)) {
          failed.add(directory);
          broken = false;
          throw new FileError('EIO', 'fsync', directory.path);
        }
        files.syncDirectory(directory);
      },
    };
    const writer = claimedWriter(mount.root, { files: faulty });
    writer.publish('shop/web', 1);
    broken = true;
    expect(writer.reason(publishCall('shop/web', 2))).toBe('StorageIOError');
    // Nor does another intent take up what may be lost.
    if (place === '/store') expect(writer.publish('shop/other', 2).entry).toBe(`${packageOf(2).digest}.2`);
    const again = writer.publish('shop/web', 2);
    expect(again).toMatchObject({ outcome: 'written', entry: `${packageOf(2).digest}.${place === '/store' ? 3 : 2}` });
    expect(writer.publish('shop/web', 2).outcome).toBe('unchanged');
  }
});

it('after a failed sync in a claim every package found is written anew', () => {
  using mount = temporaryMount(MEMORY);
  claimedWriter(mount.root).publish('shop/web', 1);
  const files = systemFiles();
  let broken = true;
  const faulty: Files = {
    ...files,
    syncDirectory(directory) {
      if (broken && directory.path.endsWith('/shop')) throw new FileError('EIO', 'fsync', directory.path);
      files.syncDirectory(directory);
    },
  };
  const writer = claimedWriterAfter(mount.root, faulty, () => {
    broken = false;
  });
  expect(writer.publish('shop/web', 1)).toMatchObject({ outcome: 'written', entry: `${packageOf(1).digest}.2` });
  expect(writer.publish('shop/web', 1).outcome).toBe('unchanged');
});

it('a tree that can not be read is neither repaired nor removed', () => {
  using mount = temporaryMount(MEMORY);
  claimedWriter(mount.root).publish('shop/web', 1);
  const files = systemFiles();
  const blind: Files = {
    ...files,
    readPieces(parent, name, piece) {
      if (name === 'Kptfile') throw new FileError('EIO', 'read', name);
      files.readPieces(parent, name, piece);
    },
  };
  const writer = claimedWriter(mount.root, { files: blind });
  expect(writer.reason(publishCall('shop/web', 1))).toBe('StorageIOError');
  expect(fs.readdirSync(join(mount.root, '.patchgen/store'))).toEqual([`${packageOf(1).digest}.1`]);
  expect(fs.readdirSync(join(mount.root, '.patchgen/quarantine'))).toEqual([]);
});

it('killed at any step, and killed again in the recovery, the next leader ends where an undisturbed one does', async () => {
  const steps = [{ calls: [CLAIM] }, { calls: CALLS }];
  for (let nth = 1; ; nth += 1) {
    using mount = temporaryMount(MEMORY);
    const setUp = claimedWriter(mount.root);
    setUp.run(publishCall('shop/web', 1), publishCall('shop/gone', 1), publishCall('shop/three', 1));
    const lines = await runChild({ root: mount.root, steps, at: { nth, signal: 'SIGKILL' } });
    if (lines.some((line) => line.reached !== undefined)) return expect(nth).toBeGreaterThan(25);
    expect([packageOf(1).digest, packageOf(2).digest]).toContain(wholeDigestAt(mount.root, 'shop/web'));
    if (nth % 4 === 0) await runChild({ root: mount.root, steps, at: { nth: nth + 3, signal: 'SIGKILL' } });
    const next = claimedWriter(mount.root);
    for (const answer of next.run(...CALLS)) expect(answer.ok, `${nth}: ${JSON.stringify(answer)}`).toBe(true);
    for (const [key, content] of Object.entries(WANTED)) expect(wholeDigestAt(mount.root, key)).toBe(content.digest);
    next.value({ id: 0, name: 'sweep', argument: 0 });
    expect(residueOf(mount.root)).toEqual([]);
    expect(fs.readdirSync(join(mount.root, '.patchgen/store')).length).toBe(2);
  }
}, 180_000);

function claimedWriterAfter(root: string, files: Files, mend: () => void): ReturnType<typeof claimedWriter> {
  // The same process: what a later process can't know, this one must remember.
  const writer = writerOn(root, { files });
  expect(writer.reason(CLAIM)).toBe('StorageIOError');
  mend();
  writer.value(CLAIM);
  return writer;
}
