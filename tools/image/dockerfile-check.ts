/**
 * Builds the Dockerfile without a container engine (buildah, root) and compares what comes out with the archive of `npm run image`.
 * The official bases are not pulled: substitutes of this machine's files stand under their names. So this shows that every step of
 * the Dockerfile works and that both ways make the same image; it does not show that the official bases fit.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeArchive } from './archive.ts';
import { baseLayer } from './base-layer.ts';
import { buildImage } from './build.ts';
import { builderLayer } from './builder-layer.ts';
import { differences } from './compare.ts';

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
    const ours = await buildImage({ out: join(work, 'ours.tar'), revision: 'unknown' });
    const findings = differences(join(work, 'built.tar'), ours.path, work);
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
