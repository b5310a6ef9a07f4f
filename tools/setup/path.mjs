// Where programs of the system are.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A user who is not root often has no sbin on PATH. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Every program of that name on PATH, in its order. @param {string} name @returns {string[]} */
export function programsOnPath(name) {
  return among((process.env.PATH ?? '').split(delimiter), name);
}

/** The first one on PATH, or in an sbin folder. @param {string} name @returns {string | undefined} */
export function systemProgram(name) {
  return programsOnPath(name)[0] ?? among(SBIN, name)[0];
}

function among(folders, name) {
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .filter(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
