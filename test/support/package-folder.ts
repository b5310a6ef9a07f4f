import * as fs from 'node:fs';
import { join } from 'node:path';
import type { ResolvedSpec } from '../../src/api/resolve.ts';
import { changeTypeOf } from '../../src/changes/index.ts';
import type { Package } from '../../src/kpt/package.ts';
import { renderPackage } from '../../src/kpt/render.ts';
import { resolvedSpec } from './specs.ts';

/** The package of a spec. */
export function packageOf(spec: Partial<ResolvedSpec> = {}): Package {
  const whole = resolvedSpec(spec);
  const plan = changeTypeOf(whole.intentType)?.plan(whole);
  if (plan === undefined) throw new Error(`no change type ${whole.intentType}`);
  return renderPackage(plan);
}

/** Writes a package as a plain folder below `parent` and returns its path. */
export function writePackage(parent: string, pkg: Package, name = pkg.name): string {
  const folder = join(parent, name);
  fs.mkdirSync(folder, { recursive: true });
  fs.chmodSync(folder, 0o755);
  for (const { path, content } of pkg.files) {
    fs.writeFileSync(join(folder, path), content);
    fs.chmodSync(join(folder, path), 0o644);
  }
  return folder;
}

/** Writes files by path below `parent`. */
export function writeFiles(parent: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    fs.mkdirSync(join(parent, path, '..'), { recursive: true });
    fs.writeFileSync(join(parent, path), content);
  }
}
