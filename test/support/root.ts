import * as fs from 'node:fs';
import { join } from 'node:path';
import type { Package } from '../../src/kpt/package.ts';

/** Writes a package root as an operator leaves it, with plain file calls: an independent reading of the layout. */
export function writeRoot(root: string, packages: Readonly<Record<string, Package>>): void {
  fs.mkdirSync(join(root, '.patchgen/store'), { recursive: true });
  fs.writeFileSync(join(root, '.patchgen/root.json'), '{"rootId":"test","layout":1}\n');
  for (const [key, pkg] of Object.entries(packages)) {
    const entry = `${pkg.digest}.1`;
    const tree = join(root, '.patchgen/store', entry);
    fs.mkdirSync(tree, { recursive: true });
    fs.chmodSync(tree, 0o755);
    for (const { path, content } of pkg.files) {
      fs.writeFileSync(join(tree, path), content);
      fs.chmodSync(join(tree, path), 0o644);
    }
    const [namespace = '', intent = ''] = key.split('/');
    fs.mkdirSync(join(root, namespace), { recursive: true });
    fs.symlinkSync(`../.patchgen/store/${entry}`, join(root, namespace, intent));
  }
}
