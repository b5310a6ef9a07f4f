import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeArchive, writeOciArchive } from '../../../../tools/image/archive.ts';
import { file } from '../../../../tools/image/entries.ts';
import { readArchive, unpack } from '../../../../tools/image/read-archive.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const REF = 'localhost/thing:1.2';
const LONG = `${'deep/'.repeat(30)}${'n'.repeat(120)}`;

function rootfs(): string {
  const root = tempFolder();
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'bin/run'), '#!/bin/x\n');
  chmodSync(join(root, 'bin/run'), 0o700);
  writeFileSync(join(root, 'größe.txt'), 'x'.repeat(100_000));
  symlinkSync('bin/run', join(root, 'link'));
  mkdirSync(join(root, LONG), { recursive: true });
  writeFileSync(join(root, LONG, 'end'), '');
  return root;
}

const write = (root: string, out: string) =>
  writeOciArchive({ rootfs: root, ref: REF, config: { Entrypoint: ['/bin/run'], User: '65532' }, out });

test('what an engine unpacks is the folder that was given: contents, links, and programs that anybody may start', async () => {
  const [root, folder] = [rootfs(), tempFolder()];
  const { digest, size } = await write(root, join(folder, 'image.tar'));
  const archive = readArchive(join(folder, 'image.tar'), join(folder, 'archive'));
  expect(archive.index.digest).toBe(digest);
  expect(size).toBe(lstatSync(join(folder, 'image.tar')).size);
  expect(archive.config.config).toEqual({ Entrypoint: ['/bin/run'], User: '65532' });
  const there = join(folder, 'rootfs');
  unpack(archive.layers, there);
  const list = (path: string) => readdirSync(path, { recursive: true, encoding: 'utf8' }).toSorted();
  expect(list(there)).toEqual(list(root));
  expect(readFileSync(join(there, 'größe.txt'), 'utf8')).toBe('x'.repeat(100_000));
  expect(readlinkSync(join(there, 'link'))).toBe('bin/run');
  expect(lstatSync(join(there, 'bin/run')).mode & 0o777).toBe(0o755);
  expect(lstatSync(join(there, LONG, 'end')).mode & 0o777).toBe(0o644);
});

test('the digest is of what is in the image, and not of when or by whom it was made', async () => {
  const [one, other, folder] = [rootfs(), rootfs(), tempFolder()];
  utimesSync(join(other, 'bin/run'), 1, 1);
  chmodSync(join(other, 'bin'), 0o700);
  const first = await write(one, join(folder, 'a.tar'));
  expect(await write(other, join(folder, 'b.tar'))).toEqual(first);
  expect(readFileSync(join(folder, 'a.tar')).equals(readFileSync(join(folder, 'b.tar')))).toBe(true);
  chmodSync(join(other, 'größe.txt'), 0o755);
  expect((await write(other, join(folder, 'b.tar'))).digest).not.toBe(first.digest);
});

test('a date is given to the image and to every file in it', async () => {
  const folder = tempFolder();
  const layers = [{ about: 'a file', entries: [file('x', 'x')] }];
  await writeArchive({ layers, ref: REF, config: {}, out: join(folder, 'image.tar'), created: 86_400 });
  const { config, layers: blobs } = readArchive(join(folder, 'image.tar'), join(folder, 'archive'));
  expect(config.created).toBe('1970-01-02T00:00:00Z');
  unpack(blobs, join(folder, 'rootfs'));
  expect(lstatSync(join(folder, 'rootfs/x')).mtimeMs).toBe(86_400_000);
});

test('an archive that cannot be finished is not there at all, and neither are its parts', async () => {
  const [root, folder] = [rootfs(), tempFolder()];
  const entry = {
    kind: 'copy',
    path: 'gone',
    source: join(root, 'gone'),
    size: 1,
    mode: 0o644,
    owner: { uid: 0, gid: 0 },
  } as const;
  const layers = [{ about: 'a file that is gone', entries: [entry] }];
  await expect(writeArchive({ layers, ref: REF, config: {}, out: join(folder, 'image.tar') })).rejects.toThrow(
    'ENOENT',
  );
  const shorter = [{ about: 'a file that grew', entries: [{ ...entry, source: join(root, 'bin/run') }] }];
  await expect(writeArchive({ layers: shorter, ref: REF, config: {}, out: join(folder, 'image.tar') })).rejects.toThrow(
    'changed',
  );
  expect(readdirSync(folder)).toEqual([]);
});
