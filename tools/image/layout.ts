/** How the image is laid out and started; the Dockerfile says the same, which a test compares. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT, FLAGS } from '../../bin/runtime-settings.mjs';
import { THIRD_PARTY } from '../build/bundle.ts';
import { dateOf, type ImageConfig } from './archive.ts';
import { NONROOT } from './base-layer.ts';
import { complete, copy, type Entry, folder } from './entries.ts';

const NODE = '/nodejs/bin/node';
const PROGRAM = '/opt/patchgen/patchgen.mjs';

/** The program's own layer, from the folder of a bundle. */
export function appLayer(bundle: string): Entry[] {
  const files = ['patchgen.mjs', 'patchgen.mjs.map', 'LICENSE', THIRD_PARTY];
  return complete([
    ...files.map((name) => copy(`opt/patchgen/${name}`, join(bundle, name))),
    copy('usr/local/bin/patchgen', join(import.meta.dirname, 'patchgen'), 0o755),
    folder('var/lib/patchgen', NONROOT),
  ]);
}

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

export function readManifest(root: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
}

/** How the image starts. `created` in seconds since 1970; `revision` is the commit, where it is known. */
export function imageConfig(manifest: Manifest, facts: { created?: number; revision?: string } = {}): ImageConfig {
  const { created, revision } = facts;
  return {
    Entrypoint: [NODE, ...FLAGS, PROGRAM],
    Cmd: ['run'],
    Env: [
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`),
    ],
    User: `${NONROOT.uid}:${NONROOT.gid}`,
    WorkingDir: '/',
    Labels: {
      'org.opencontainers.image.title': manifest.name,
      'org.opencontainers.image.description': manifest.description,
      'org.opencontainers.image.version': manifest.version,
      'org.opencontainers.image.licenses': manifest.license,
      ...(revision === undefined ? {} : { 'org.opencontainers.image.revision': revision }),
      ...(created === undefined ? {} : { 'org.opencontainers.image.created': dateOf(created) }),
    },
  };
}

/** The commit of a checkout without changes; undefined for anything else, which no commit describes. */
export function revisionOf(root: string): string | undefined {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return git('status', '--porcelain') === '' ? git('rev-parse', 'HEAD') : undefined;
  } catch {
    return undefined;
  }
}
