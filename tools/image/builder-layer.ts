/** A stand-in for the official Node.js image in which the Dockerfile builds: npm, a shell and the programs that the build calls. */
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { copy, type Entry, entriesOf, folder, link } from './entries.ts';
import { librariesOf } from './shared-libraries.ts';

const PROGRAMS = ['sh', 'env', 'mkdir'];
const NPM = 'usr/local/lib/node_modules/npm';

/** The layer over `base`, from this machine's programs. */
export function builderLayer(base: readonly Entry[]): Entry[] {
  const programs = PROGRAMS.map((name) => ({ name, source: realpathSync(which(name)) }));
  const libraries = programs.flatMap(({ source }) => librariesOf(source));
  const there = new Set(base.map(({ path }) => path));
  const needed = new Map(libraries.map(({ path, source }) => [path.slice(1), source]));
  const npm = dirname(dirname(realpathSync(which('npm'))));
  return [
    ...['usr', 'usr/bin', 'usr/local', 'usr/local/bin', 'usr/local/lib', 'usr/local/lib/node_modules', NPM, 'bin'].map(
      (path) => folder(path),
    ),
    ...programs.map(({ name, source }) => copy(`${name === 'sh' ? 'bin' : 'usr/bin'}/${name}`, source, 0o755)),
    ...[...needed].flatMap(([path, source]) => (there.has(path) ? [] : [copy(path, source, 0o755)])),
    ...entriesOf(npm).map((entry) => ({ ...entry, path: `${NPM}/${entry.path}` })),
    link('usr/local/bin/npm', '../lib/node_modules/npm/bin/npm-cli.js'),
    link('usr/local/bin/node', '/nodejs/bin/node'),
    folder('root'),
    folder('tmp', undefined, 0o1777),
  ];
}

const which = (name: string): string =>
  execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
