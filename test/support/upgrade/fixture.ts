import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from '../helm.ts';

/** What a user installs: a chart, and the program of the image that it names. */
export interface Version {
  /** Folder or archive. */
  readonly chart: string;
  readonly program: string;
}

const FIXTURES = join(import.meta.dirname, '../../fixtures/upgrade');

/** A frozen version, its program unpacked into this folder. */
export function frozenVersion(version: string, folder: string): Version {
  const at = join(FIXTURES, version);
  execFileSync('tar', ['-xzf', join(at, 'program.tar.gz'), '-C', folder, 'patchgen.mjs'], { stdio: 'pipe' });
  return { chart: join(at, `patchgen-${version}.tgz`), program: join(folder, 'patchgen.mjs') };
}

/** The working tree: its chart, and a program that was bundled from it. */
export const workingTree = (program: string): Version => ({ chart: CHART, program });

/** The files of a frozen version that its README does not name with the digest that they have. */
export function changedFiles(version: string): readonly string[] {
  const at = join(FIXTURES, version);
  const readme = readFileSync(join(at, 'README.md'), 'utf8');
  const digestOf = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(at, name)))
      .digest('hex');
  return [`patchgen-${version}.tgz`, 'program.tar.gz'].filter((name) => !readme.includes(`${digestOf(name)}  ${name}`));
}
