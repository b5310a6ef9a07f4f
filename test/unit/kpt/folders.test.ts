import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { scaling } from '../../../src/changes/scaling/scaling.ts';
import { placeFolder, stageFolder } from '../../../src/kpt/folder.ts';
import { type WriteOptions, writeFolders } from '../../../src/kpt/folders.ts';
import { createOutput, openOutput, removeLeftovers } from '../../../src/kpt/output-folder.ts';
import type { Package } from '../../../src/kpt/package.ts';
import { renderPackage } from '../../../src/kpt/render.ts';
import { FileError } from '../../../src/platform/files/errno.ts';
import type { Files } from '../../../src/platform/files/files.ts';
import { syncMany } from '../../../src/platform/files/sync-many.ts';
import { systemFiles } from '../../../src/platform/files/system-files.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { resolvedSpec } from '../../support/specs.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { treeOf } from '../../support/tree.ts';

const real = systemFiles();
const deps = { files: real, random: systemRandom, sync: syncMany };

function pkgOf(target = 'web', replicas = 5): Package {
  return renderPackage(scaling.plan(resolvedSpec({ target, replicas })));
}

async function write(
  out: string,
  packages: readonly Package[],
  options: Partial<WriteOptions> = {},
  files: Files = real,
) {
  const directory = openOutput({ ...deps, files }, out);
  try {
    return await writeFolders({ ...deps, files }, directory, packages, { force: false, minFreeBytes: 0, ...options });
  } finally {
    files.close(directory);
  }
}

const outcomes = (results: Awaited<ReturnType<typeof write>>): readonly unknown[] =>
  results.map(({ outcome }) => outcome);
const unsafe = (message: RegExp) =>
  expect.objectContaining({ reason: 'UnsafePath', message: expect.stringMatching(message) });

describe('a package folder', () => {
  test('holds the bytes of the package, 0755 and 0644, and nothing stays beside it', async () => {
    const out = tempFolder();
    const pkg = pkgOf();
    expect(outcomes(await write(out, [pkg]))).toEqual(['written']);
    const expected: Record<string, string> = { [pkg.name]: 'folder 755' };
    for (const { path, content } of pkg.files) expected[`${pkg.name}/${path}`] = `file 644 ${content}`;
    expect(treeOf(out)).toEqual(expected);
  });

  test('has the digest that the documented shell line computes', async () => {
    const out = tempFolder();
    const pkg = pkgOf();
    await write(out, [pkg]);
    const line = `cd ${join(out, pkg.name)} && find . -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum`;
    expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' })).toBe(`${pkg.digest}  -\n`);
  });

  test('that is there already is not touched', async () => {
    const out = tempFolder();
    await write(out, [pkgOf()]);
    const stats = () => real.stat(openOutput(deps, out), pkgOf().name);
    const before = stats();
    expect(outcomes(await write(out, [pkgOf()]))).toEqual(['unchanged']);
    expect(stats()).toEqual(before);
  });

  test('twice in one call is written once', async () => {
    const out = tempFolder();
    expect(outcomes(await write(out, [pkgOf(), pkgOf()]))).toEqual(['written', 'unchanged']);
    expect(fs.readdirSync(out)).toEqual([pkgOf().name]);
  });

  test('with other content is kept and told of, and replaced whole with force', async () => {
    const out = tempFolder();
    const pkg = pkgOf();
    await write(out, [pkg]);
    const intact = treeOf(out);
    fs.writeFileSync(join(out, pkg.name, 'scaling-patch.yaml'), 'spec: {}\n');
    const altered = treeOf(out);
    expect(outcomes(await write(out, [pkg]))).toEqual([unsafe(/differs \(scaling-patch.yaml: .*--force replaces it/)]);
    expect(treeOf(out)).toEqual(altered);
    expect(outcomes(await write(out, [pkg], { force: true }))).toEqual(['replaced']);
    expect(treeOf(out)).toEqual(intact);
  });

  test('with a missing file or another mode counts as different', async () => {
    for (const alter of [
      (path: string) => fs.rmSync(join(path, 'Kptfile')),
      (path: string) => fs.chmodSync(join(path, 'Kptfile'), 0o666),
      (path: string) => fs.chmodSync(path, 0o700),
    ]) {
      const out = tempFolder();
      const pkg = pkgOf();
      await write(out, [pkg]);
      alter(join(out, pkg.name));
      expect(outcomes(await write(out, [pkg]))).toEqual([unsafe(/--force/)]);
    }
  });

  test('is refused, with force too, where something foreign stands; that is left as it is', async () => {
    const pkg = pkgOf();
    const elsewhere = tempFolder();
    const inTheWay: readonly ((path: string) => void)[] = [
      (path) => fs.symlinkSync(elsewhere, path),
      (path) => fs.symlinkSync('/nowhere', path),
      (path) => fs.writeFileSync(path, 'mine'),
      (path) => {
        fs.mkdirSync(path);
        fs.writeFileSync(join(path, 'notes.txt'), 'mine');
      },
      (path) => {
        fs.mkdirSync(path);
        fs.symlinkSync('/etc/passwd', join(path, 'Kptfile'));
      },
    ];
    for (const put of inTheWay) {
      const out = tempFolder();
      put(join(out, pkg.name));
      const before = treeOf(out);
      for (const force of [false, true]) {
        expect(outcomes(await write(out, [pkg], { force }))).toEqual([unsafe(/left as it is/)]);
      }
      expect(treeOf(out)).toEqual(before);
    }
    expect(treeOf(elsewhere)).toEqual({});
  });

  test('one failure does not keep the others from being written', async () => {
    const out = tempFolder();
    fs.writeFileSync(join(out, pkgOf('bad').name), 'mine');
    const packages = Array.from({ length: 40 }, (_, i) => pkgOf(i === 20 ? 'bad' : `web-${i}`));
    const progress: number[] = [];
    const results = await write(out, packages, { onProgress: (done) => progress.push(done) });
    expect(results.map(({ package: { name } }) => name)).toEqual(packages.map(({ name }) => name));
    expect(outcomes(results).filter((outcome) => outcome === 'written')).toHaveLength(39);
    expect(results[20]?.outcome).toEqual(unsafe(/is a file/));
    expect(fs.readdirSync(out)).toHaveLength(40);
    expect(progress).toEqual([16, 32, 40]);
  });

  test('an aborted call stops between batches and leaves whole packages only', async () => {
    const out = tempFolder();
    const stop = new AbortController();
    const packages = Array.from({ length: 40 }, (_, i) => pkgOf(`web-${i}`));
    const written = write(out, packages, { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(written).rejects.toThrow();
    expect(fs.readdirSync(out).toSorted()).toEqual(
      packages
        .slice(0, 16)
        .map(({ name }) => name)
        .toSorted(),
    );
  });
});

describe('all or nothing', () => {
  // Each call of the door fails once, in turn, with each errno: the place is then as before, and nothing stays beside it.
  const steps = ['makeDirectory', 'openDirectory', 'writeFile', 'setMode', 'syncDirectory', 'rename'] as const;
  const cases = steps.flatMap((step) => ['ENOSPC', 'EIO', 'EACCES', 'EROFS'].map((errno) => [step, errno] as const));
  test.each(cases)('%s failing with %s leaves no package, no rest, and a known reason', async (step, errno) => {
    const out = tempFolder();
    let calls = 0;
    const fail = (): never => {
      calls += 1;
      throw new FileError(errno, step, `${out}/x`);
    };
    const failing: Files = { ...real, [step]: fail };
    const [result] = await write(out, [pkgOf()], {}, failing);
    expect(calls).toBeGreaterThan(0);
    expect(result?.outcome).toMatchObject({ reason: expect.stringMatching(/^Storage/) });
    if (step !== 'openDirectory') expect(fs.readdirSync(out)).toEqual([]);
  });

  test('a replacement that can not take its place leaves the old folder there', async () => {
    const out = tempFolder();
    const pkg = pkgOf();
    await write(out, [pkg]);
    fs.writeFileSync(join(out, pkg.name, 'README.md'), 'mine');
    const before = treeOf(out);
    let renames = 0;
    const failing: Files = {
      ...real,
      rename: (...args) => {
        renames += 1;
        if (renames === 2) throw new FileError('EIO', 'rename', out);
        real.rename(...args);
      },
    };
    const [result] = await write(out, [pkg], { force: true }, failing);
    expect(result?.outcome).toMatchObject({ reason: 'StorageIOError' });
    expect(treeOf(out)).toEqual(before);
  });

  test('every file is durable before its folder, the folder before its place, the place before the call resolves', async () => {
    const out = tempFolder();
    const directory = openOutput(deps, out);
    onTestFinished(() => real.close(directory));
    const done: string[] = [];
    const files: Files = {
      ...real,
      syncDirectory: (at) => {
        real.syncDirectory(at);
        done.push(at.path === out ? 'out' : 'folder');
      },
      rename: (...args) => {
        real.rename(...args);
        done.push('place');
      },
    };
    const sync: typeof syncMany = async (at, names) => {
      await syncMany(at, names);
      done.push(...names);
    };
    await writeFolders({ ...deps, files, sync }, directory, [pkgOf()], { force: false, minFreeBytes: 0 });
    expect(done).toEqual([...pkgOf().files.map(({ path }) => path), 'folder', 'place', 'out']);
  });

  test('a file that can not be synced leaves no package', async () => {
    const out = tempFolder();
    const directory = openOutput(deps, out);
    onTestFinished(() => real.close(directory));
    const sync: typeof syncMany = (at) => syncMany(at, ['Kptfile', 'no-such-file', 'README.md']);
    const packages = [pkgOf()];
    const [result] = await writeFolders({ ...deps, sync }, directory, packages, { force: false, minFreeBytes: 0 });
    expect(result?.outcome).toBeInstanceOf(Error);
    expect(fs.readdirSync(out)).toEqual([]);
  });

  test('two at once: the second finds the package of the first', () => {
    const directory = openOutput(deps, tempFolder());
    onTestFinished(() => real.close(directory));
    const [one, other] = [stageFolder(deps, directory, pkgOf(), false), stageFolder(deps, directory, pkgOf(), false)];
    expect([placeFolder(deps, directory, one), placeFolder(deps, directory, other)]).toEqual(['written', 'unchanged']);
    expect(fs.readdirSync(directory.path)).toEqual([pkgOf().name]);
  });
});

describe('the output folder', () => {
  test('that does not exist is told in the words that scripts know', () => {
    expect(() => openOutput(deps, '/nowhere/out')).toThrow(/^output directory does not exist: \/nowhere\/out$/);
  });

  test('is made on request with all that is missing above it, 0755, and kept where it is there', () => {
    const parent = tempFolder();
    for (const _ of [1, 2]) createOutput(deps, join(parent, 'a/b/c'));
    expect(treeOf(parent)).toEqual({ a: 'folder 755', 'a/b': 'folder 755', 'a/b/c': 'folder 755' });
    fs.writeFileSync(join(parent, 'file'), '');
    expect(() => createOutput(deps, join(parent, 'file/out'))).toThrow(unsafe(/file/));
  });

  test('that is the package root of an operator is refused', () => {
    const out = tempFolder();
    fs.mkdirSync(join(out, '.patchgen'));
    expect(() => openOutput(deps, out)).toThrow(unsafe(/is the package root of an operator/));
  });

  test('with too little room gets nothing at all, and is told how much is there and needed', async () => {
    const out = tempFolder();
    const tight: Files = { ...real, availableBytes: () => 1_000_000 };
    const written = write(out, [pkgOf()], { minFreeBytes: 1_048_576 }, tight);
    await expect(written).rejects.toThrow(/^insufficient disk space: .*1000000 bytes available, 1081344 bytes needed/);
    expect(fs.readdirSync(out)).toEqual([]);
  });

  test('may be moved and replaced by a link while packages are written: they go where it went', async () => {
    const parent = tempFolder();
    const [out, moved, trap] = [join(parent, 'out'), join(parent, 'moved'), join(parent, 'trap')];
    fs.mkdirSync(out);
    fs.mkdirSync(trap);
    const directory = openOutput(deps, out);
    onTestFinished(() => real.close(directory));
    fs.renameSync(out, moved);
    fs.symlinkSync(trap, out);
    await writeFolders(deps, directory, [pkgOf()], { force: false, minFreeBytes: 0 });
    expect(fs.readdirSync(trap)).toEqual([]);
    if (process.platform === 'linux') expect(fs.readdirSync(moved)).toEqual([pkgOf().name]);
  });

  test('loses the leftovers of killed runs once they are old, and nothing else', () => {
    const out = tempFolder();
    const old = new Date(Date.now() - 2 * 3_600_000);
    for (const name of [`.patchgen-${'a'.repeat(24)}`, `.patchgen-${'b'.repeat(24)}`, '.patchgen-mine', '.git']) {
      fs.mkdirSync(join(out, name));
      fs.writeFileSync(join(out, name, 'Kptfile'), '');
      if (!name.includes('bbb')) fs.utimesSync(join(out, name), old, old);
    }
    const directory = openOutput(deps, out);
    onTestFinished(() => real.close(directory));
    removeLeftovers(deps, directory, new Date());
    expect(fs.readdirSync(out).toSorted()).toEqual(['.git', `.patchgen-${'b'.repeat(24)}`, '.patchgen-mine']);
  });
});
