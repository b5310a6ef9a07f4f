import { chownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENVIRONMENT, FLAGS } from '../../../bin/runtime-settings.mjs';
import { VERSION } from '../../../src/cli/version.ts';
import { type BuiltImage, buildImage } from '../../../tools/image/build.ts';
import { type ReadArchive, readArchive, unpack } from '../../../tools/image/read-archive.ts';
import { librariesOf } from '../../../tools/image/shared-libraries.ts';
import { MADE_BY_RUNTIME, runInside } from '../../support/image/container.ts';

let folder: string;
let rootfs: string;
let volume: string;
let image: BuiltImage;
let archive: ReadArchive;
beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'patchgen-image-test-'));
  image = await buildImage({ out: join(folder, 'image.tar') });
  archive = readArchive(image.path, join(folder, 'archive'));
  rootfs = join(folder, 'rootfs');
  unpack(archive.layers, rootfs);
  volume = join(folder, 'volume');
  mkdirSync(volume);
  if (process.getuid?.() === 0) chownSync(volume, 65_532, 65_532);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const INTENT = JSON.stringify({
  apiVersion: 'patchgen.dev/v1alpha1',
  kind: 'PatchIntent',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { intentType: 'scaling', target: 'web', replicas: 3 },
});

function inside(command: readonly string[], input?: string) {
  const { Env: env = [] } = archive.config.config;
  return runInside(command, { rootfs, volume, env, ...(input === undefined ? {} : { input }) });
}

const patchgen = (args: readonly string[], input?: string) =>
  inside([...(archive.config.config.Entrypoint ?? []), ...args], input);

/** Every path of the image. */
const paths = (): string[] =>
  readdirSync(rootfs, { recursive: true, encoding: 'utf8' }).filter((path) => !MADE_BY_RUNTIME.includes(path));

test('the archive is called what the chart asks for, for containerd and for Docker alike', () => {
  expect(image.ref).toBe(`localhost/patchgen:${VERSION}`);
  expect(image.digest).toBe(archive.index.digest);
  expect(archive.index.annotations).toEqual({
    'io.containerd.image.name': image.ref,
    'org.opencontainers.image.ref.name': VERSION,
  });
  expect(archive.docker).toMatchObject([{ RepoTags: [image.ref] }]);
  expect(archive.docker[0]?.Layers).toHaveLength(archive.layers.length);
});

test('the image starts the operator with the flags and the environment of every other start, as a user without rights', () => {
  const { Entrypoint, Cmd, Env, User } = archive.config.config;
  expect(Entrypoint).toEqual(['/nodejs/bin/node', ...FLAGS, '/opt/patchgen/patchgen.mjs']);
  expect(Cmd).toEqual(['run']);
  expect(Env).toEqual(expect.arrayContaining(Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`)));
  expect(User).toBe('65532:65532');
});

test('the files of the image are enough: it runs with nothing else, from a read-only root', () => {
  expect(patchgen(['--version'])).toMatchObject({ stdout: `${VERSION}\n`, stderr: '', status: 0 });
  const generated = patchgen(['generate', '-', '--output', '/var/lib/patchgen/out', '--create'], INTENT);
  expect(generated).toMatchObject({ stderr: '', status: 0 });
  expect(readdirSync(join(volume, 'out'))).toEqual([expect.stringMatching(/^web-scaling-/)]);
  const verified = patchgen(['verify', '/var/lib/patchgen/out']);
  expect(verified).toMatchObject({ stderr: '', status: 0 });
  expect(verified.stdout).toContain('1 checked, 0 altered');
  const refused = patchgen(['generate', '-', '--output', '/out', '--create'], INTENT);
  expect(refused.stderr).toMatch(/read-only|EROFS/i);
});

test('`patchgen` is a command of the image, without a shell', () => {
  expect(inside(['patchgen', '--version'])).toMatchObject({ stdout: `${VERSION}\n`, stderr: '', status: 0 });
  expect(inside(['patchgen', 'nonsense']).status).toBe(2);
  expect(inside(['sh', '-c', 'true']).stderr).toContain('No such file');
});

test('names are looked up and certificates are trusted by what is in the image', () => {
  const script = `
    const { lookup } = require('node:dns/promises');
    const { readFileSync } = require('node:fs');
    const { createSecureContext } = require('node:tls');
    createSecureContext({ ca: readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8') });
    lookup('localhost').then(({ address }) => console.log(address, require('node:os').userInfo().username));`;
  const { stdout, stderr } = inside(['/nodejs/bin/node', '-e', script]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^(127\.0\.0\.1|::1) (nonroot|root)\n$/);
});

test('nothing in the image is a shell, sets its user, or may be written by others; one folder is the user’s besides its home', () => {
  const found = paths().map((path) => ({ path, ...lstatSync(join(rootfs, path)) }));
  expect(found.filter(({ path }) => /\/(ba|da|z|a)?sh$|busybox/.test(path))).toEqual([]);
  expect(found.filter(({ mode }) => (mode & 0o6002) !== 0).map(({ path }) => path)).toEqual([]);
  if (process.getuid?.() !== 0) return;
  const owned = found
    .filter(({ uid, gid }) => uid !== 0 || gid !== 0)
    .map(({ path, uid, gid }) => `${path} ${uid}:${gid}`);
  expect(owned.toSorted()).toEqual(['home/nonroot 65532:65532', 'var/lib/patchgen 65532:65532']);
});

test('the image carries the licences of everything in it', () => {
  const all = paths();
  expect(all).toEqual(expect.arrayContaining(['nodejs/LICENSE', 'opt/patchgen/LICENSE']));
  expect(readFileSync(join(rootfs, 'opt/patchgen/LICENSE.third-party.txt'), 'utf8')).toContain('undici');
  const libraries = librariesOf(join(rootfs, 'nodejs/bin/node'));
  expect(libraries.every(({ path }) => all.includes(path.slice(1)))).toBe(true);
  for (const name of ['libc6', 'libstdc++6', 'libgcc-s1']) expect(all).toContain(`usr/share/doc/${name}/copyright`);
  expect(all).toContain('usr/share/common-licenses/LGPL-2.1');
});

test('the labels say what it is, and only a date that was asked for', () => {
  const { Labels } = archive.config.config;
  expect(Labels).toMatchObject({
    'org.opencontainers.image.title': 'patchgen',
    'org.opencontainers.image.version': VERSION,
    'org.opencontainers.image.licenses': 'Apache-2.0',
  });
  expect(archive.config.created).toBe(process.env.SOURCE_DATE_EPOCH === undefined ? undefined : expect.any(String));
});
