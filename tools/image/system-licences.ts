/** The licence texts of files that a Debian package installed. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { copy, type Entry } from './entries.ts';

const SHARED_TEXT = /\/usr\/share\/common-licenses\/[A-Za-z0-9.-]*[A-Za-z0-9]/g;

/**
 * The copyright files of the packages that own `files`, and the licences that those refer to, at the places where Debian has them.
 * Throws when a file belongs to no package: without its licence it must not be shipped.
 */
export function licencesOf(files: readonly string[]): Entry[] {
  const packages = new Set(files.map((path) => ownerOf(path)));
  const notices = [...packages].toSorted().map((name) => `/usr/share/doc/${name}/copyright`);
  for (const path of notices) if (!existsSync(path)) throw new Error(`${path} is missing: it must be in the image`);
  const texts = notices.flatMap((path) => readFileSync(path, 'utf8').match(SHARED_TEXT) ?? []);
  const shared = [...new Set(texts)].filter((path) => existsSync(path));
  return [...notices, ...shared].map((path) => copy(path.slice(1), realpathSync(path)));
}

function ownerOf(path: string): string {
  // A package may say /lib for what is in /usr/lib, or the other way round.
  const names = [path, realpathSync(path), path.replace(/^\/usr\//, '/'), realpathSync(path).replace(/^\/usr\//, '/')];
  for (const name of new Set(names)) {
    const owner = query(name)?.split(':')[0];
    if (owner !== undefined && owner !== '') return owner;
  }
  throw new Error(
    `no Debian package owns ${path}, so its licence is not known: make the image on Debian or Ubuntu, or with the Dockerfile`,
  );
}

function query(path: string): string | undefined {
  try {
    return execFileSync('dpkg-query', ['-S', path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}
