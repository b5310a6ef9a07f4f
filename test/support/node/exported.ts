import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../temp-folder.ts';
import { runTool } from '../tool.ts';

export interface Exported {
  readonly files: Readonly<Record<string, string>>;
  /** As `find . -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum` says. */
  readonly digest: string;
}

/** Unpacks what `patchgen export` printed, with the system's tar. */
export async function exportedPackage(archive: string): Promise<Exported> {
  const folder = tempFolder();
  writeFileSync(join(folder, 'package.tar'), archive);
  const { code, stderr } = await runTool(
    'tar',
    ['-xf', 'package.tar', '--strip-components=1', '--one-top-level=package'],
    { cwd: folder },
  );
  if (code !== 0) throw new Error(`tar: ${stderr}`);
  const root = join(folder, 'package');
  const files = Object.fromEntries(readdirSync(root).map((name) => [name, readFileSync(join(root, name), 'utf8')]));
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const sums = Object.entries(files).map(([name, text]) => `${sha256(text)}  ./${name}\n`);
  return { files, digest: sha256(sums.sort().join('')) };
}
