/** The licences of the packages that are in a bundle. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

const LICENCE_FILE = /^(licen[cs]e|copying|unlicense)/i;
const NOTICE_FILE = /^notice/i;
const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;

/**
 * One text with name, version and licence of each package of which the bundles hold code, sorted by folder.
 * Rejects when a package brings no licence text: it must not be shipped without.
 */
export async function thirdPartyLicences(root: string, metafiles: readonly Metafile[]): Promise<string> {
  const folders = packagesIn(metafiles);
  const sections = await Promise.all(folders.map((folder) => section(root, folder)));
  return [`Patchgen is shipped with code of ${folders.length} packages, under these licences.\n`, ...sections].join(
    '\n',
  );
}

/** The folders of the packages, from the root of the project; a package that lies within another counts by itself. */
export function packagesIn(metafiles: readonly Metafile[]): string[] {
  const inputs = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap((output) => entriesOf(output)));
  return [...new Set(inputs)].toSorted();
}

function entriesOf({ inputs }: Metafile['outputs'][string]): string[] {
  return Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => {
    const folder = PACKAGE.exec(path)?.[0];
    return bytesInOutput === 0 || folder === undefined ? [] : [folder];
  });
}

async function section(root: string, folder: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
  const { name, version, license } = manifest as Readonly<Record<string, unknown>>;
  const all = (await readdir(join(root, folder))).toSorted();
  const licences = all.filter((file) => LICENCE_FILE.test(file));
  if (licences.length === 0) throw new Error(`${folder}: no licence text, so its code may not be shipped`);
  const files = [...licences, ...all.filter((file) => NOTICE_FILE.test(file))];
  const texts = await Promise.all(files.map((file) => readFile(join(root, folder, file), 'utf8')));
  const title = `${name} ${version} (${typeof license === 'string' ? license : 'see below'})`;
  return ['='.repeat(78), title, '', ...texts.map((text) => text.trimEnd()), ''].join('\n');
}
