import * as fs from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { binary } from '../../../tools/setup/binaries.mjs';
import { packageOf, writeFiles, writePackage } from '../../support/package-folder.ts';
import { writeRoot } from '../../support/root.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { runTool } from '../../support/tool.ts';
import { treeOf } from '../../support/tree.ts';

let kpt = '';
beforeAll(async () => {
  kpt = await binary('kpt');
});

const GOLDEN = join(import.meta.dirname, '../../golden');
const goldenPackages = fs
  .readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('/Kptfile'))
  .map((path) => path.slice(0, -'/Kptfile'.length));

describe('kpt', () => {
  test('pkg tree shows the package, with the component and without the patch', async () => {
    const pkg = packageOf();
    const { code, stdout } = await runTool(kpt, ['pkg', 'tree', writePackage(tempFolder(), pkg)]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Package "${pkg.name}"`);
    expect(stdout).toContain(`[Kptfile]  Kptfile ${pkg.name}`);
    expect(stdout).toContain('[kustomization.yaml]  Component');
    expect(stdout).not.toContain('Deployment');
  });

  test.each(goldenPackages)(
    'fn render accepts %s, strict decoding and all, and leaves every byte as it is',
    async (path) => {
      const copy = join(tempFolder(), 'copy');
      await runTool('cp', ['-RL', join(GOLDEN, path), copy]);
      const before = treeOf(copy);
      const { code, stderr } = await runTool(kpt, ['fn', 'render', copy]);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('Successfully executed 0 function(s) in 1 package(s).');
      expect(treeOf(copy)).toEqual(before);
    },
  );

  test('decodes the Kptfile strictly: a key that it does not know is an error', async () => {
    const folder = writePackage(tempFolder(), packageOf());
    fs.appendFileSync(join(folder, 'Kptfile'), 'unknown: 1\n');
    const { code, stderr } = await runTool(kpt, ['fn', 'render', folder]);
    expect(code).toBe(1);
    expect(stderr).toContain('field unknown not found in type v1.KptFile');
  });

  test('fn render works on a copy of a published package (cp -RL)', async () => {
    const dir = tempFolder();
    writeRoot(join(dir, 'packages'), { 'shop/web-5': packageOf() });
    const before = treeOf(join(dir, 'packages'));
    await runTool('cp', ['-RL', 'packages/shop/web-5', 'copy'], { cwd: dir });
    const { code, stderr } = await runTool(kpt, ['fn', 'render', 'copy'], { cwd: dir });
    expect(code, stderr).toBe(0);
    expect(treeOf(join(dir, 'packages'))).toEqual(before);
  });

  test('takes the patch for a resource where .krmignore is missing: why the package has one', async () => {
    const source = async (folder: string) => (await runTool(kpt, ['fn', 'source', folder])).stdout;
    const folder = writePackage(tempFolder(), packageOf());
    expect(await source(folder)).not.toContain('kind: Deployment');
    fs.rmSync(join(folder, '.krmignore'));
    expect(await source(folder)).toContain('kind: Deployment');
  });

  test('functions of a kpt package around it do not see the patch', async () => {
    const dir = tempFolder();
    writeFiles(dir, { Kptfile: 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: around\n' });
    writePackage(dir, packageOf());
    const { code, stdout } = await runTool(kpt, ['fn', 'source', dir]);
    expect(code).toBe(0);
    expect(stdout).toContain('kind: Component');
    expect(stdout).not.toContain('kind: Deployment');
  });
});
