// Programs that were fetched or built once, for every checkout of this user. Each appears whole, by one rename.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const DAY = 24 * 60 * 60 * 1000;

export function cacheRoot() {
  const base = process.env.XDG_CACHE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'patchgen');
}

/** @param {string} folder @param {string} name */
export function cached(folder, name) {
  const path = join(cacheRoot(), folder, name);
  return existsSync(path) ? path : undefined;
}

/** A folder beside the cached ones, so that a rename out of it stays on one file system. */
export function scratch() {
  const parent = join(cacheRoot(), 'scratch');
  mkdirSync(parent, { recursive: true });
  sweep(parent);
  return mkdtempSync(join(parent, `${process.pid}-`));
}

/** Puts a finished program in its place; whoever comes second replaces it by the same. */
export function install(from, folder, name) {
  const to = join(cacheRoot(), folder);
  mkdirSync(to, { recursive: true });
  chmodSync(from, 0o755);
  renameSync(from, join(to, name));
}

/** What a killed process left behind. */
function sweep(parent) {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    const info = statSync(path, { throwIfNoEntry: false });
    if (info !== undefined && Date.now() - info.mtimeMs > DAY) rmSync(path, { recursive: true, force: true });
  }
}
