/**
 * Builds the Dockerfile without a container engine (buildah, root) and compares what comes out with the archive of `npm run image`.
 * The official bases are not pulled: substitutes of this machine's files stand under their names. So this shows that every step of
 * the Dockerfile works and that both ways make the same image; it does not show that the official bases fit.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeArchive } from './archive.ts';
import { baseLayer } from './base-layer.ts';
import { buildImage } from './build.ts';
import { builderLayer } from './builder-layer.ts';
import { imageConfig, readManifest } from './layout.ts';
import { type ReadArchive, readArchive, unpack } from './read-archive.ts';

const BASES = /^ARG (BUILDER|RUNTIME)=(\S+)$/gm;
const CERTIFICATES = '/etc/ssl/certs';

/** Throws when the Dockerfile can't be built here, or makes another image; the message says what differs. */
export async function checkDockerfile(root: string, say: (text: string) => void): Promise<void> {
  if (process.getuid?.() !== 0 || spawnSync('buildah', ['--version']).status !== 0)
    throw new Error('the check of the Dockerfile needs root and the Debian package buildah');
  const work = mkdtempSync(join(tmpdir(), 'patchgen-dockerfile-'));
  const buildah = (...args: readonly string[]): void => {
    const storage = ['--root', join(work, 'storage'), '--runroot', join(work, 'run'), '--storage-driver', 'vfs'];
    execFileSync('buildah', [...storage, ...args], { stdio: ['ignore', 'inherit', 'inherit'], cwd: root });
  };
  try {
    for (const archive of await substitutes(root, work)) buildah('pull', '-q', `docker-archive:${archive}`);
    say('The Dockerfile, on substitutes of both bases:');
    buildah('bud', ...buildArguments(work), '-t', 'localhost/patchgen:dockerfile', '.');
    buildah('push', '-q', 'localhost/patchgen:dockerfile', `oci-archive:${join(work, 'built.tar')}`);
    const ours = await buildImage({ out: join(work, 'ours.tar') });
    const findings = differences(open(join(work, 'built.tar'), work, 'built'), open(ours.path, work, 'ours'), root);
    if (findings.length > 0) throw new Error(`the Dockerfile makes another image:\n${findings.join('\n')}`);
    say('The Dockerfile makes the same image as npm run image: the same files, owners, modes and settings.');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Archives of images under the names of the official bases. */
async function substitutes(root: string, work: string): Promise<string[]> {
  const base = { about: 'Node.js of the dependencies', entries: baseLayer(root) };
  const names = [...readFileSync(join(root, 'Dockerfile'), 'utf8').matchAll(BASES)];
  return Promise.all(
    names.map(async ([, arg = '', ref = '']) => {
      const out = join(work, `${arg}.tar`);
      const layers =
        arg === 'RUNTIME' ? [base] : [base, { about: 'npm and a shell', entries: builderLayer(base.entries) }];
      await writeArchive({ layers, ref, config: {}, out });
      return out;
    }),
  );
}

/** npm's settings and certificates of this machine are lent to the build, and stay out of the image. */
function buildArguments(work: string): string[] {
  const npmrc = join(work, 'npmrc');
  const own = join(homedir(), '.npmrc');
  const certificates = `cafile=${CERTIFICATES}/ca-certificates.crt\n`;
  writeFileSync(npmrc, `${existsSync(own) ? readFileSync(own, 'utf8') : ''}\n${certificates}`, { mode: 0o600 });
  const cache = execFileSync('npm', ['config', 'get', 'cache'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const volumes = [`${CERTIFICATES}:${CERTIFICATES}:ro`, `${cache.trim()}:/root/.npm`];
  return [
    ...['--isolation', 'chroot', '--network', 'host', '--pull-never', '--secret', `id=npmrc,src=${npmrc}`],
    ...volumes.flatMap((volume) => ['--volume', volume]),
  ];
}

interface Opened {
  readonly archive: ReadArchive;
  /** One line for each path: mode, owner, content. */
  readonly files: ReadonlyMap<string, string>;
}

function open(path: string, work: string, name: string): Opened {
  const archive = readArchive(path, join(work, name));
  const rootfs = join(work, `${name}-rootfs`);
  unpack(archive.layers, rootfs);
  const paths = readdirSync(rootfs, { recursive: true, encoding: 'utf8' });
  return { archive, files: new Map(paths.map((inside) => [inside, lineOf(join(rootfs, inside))])) };
}

function lineOf(path: string): string {
  const { mode, uid, gid, ...stat } = lstatSync(path);
  const content = stat.isFile() ? hashOf(path) : stat.isSymbolicLink() ? readlinkSync(path) : '';
  return `${mode.toString(8)} ${uid}:${gid} ${content}`;
}

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

function differences(built: Opened, ours: Opened, root: string): string[] {
  const paths = [...new Set([...built.files.keys(), ...ours.files.keys()])].toSorted();
  const files = paths
    .filter((path) => built.files.get(path) !== ours.files.get(path))
    .map(
      (path) =>
        `/${path}: ${built.files.get(path) ?? 'not there'}, and ${ours.files.get(path) ?? 'not there'} in the archive`,
    );
  const wanted = imageConfig(readManifest(root), { revision: 'unknown' });
  const { Labels: labels = {}, ...config } = built.archive.config.config;
  const settings = Object.entries({ ...wanted, Labels: undefined })
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify((config as Record<string, unknown>)[name]))
    .map(([name]) => `${name}: ${JSON.stringify((config as Record<string, unknown>)[name])}`);
  const missing = Object.entries(wanted.Labels ?? {})
    .filter(([name, value]) => labels[name] !== value)
    .map(([name]) => `label ${name}: ${labels[name]}`);
  return [...files, ...settings, ...missing];
}
