import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { scaling } from '../../../src/changes/scaling/scaling.ts';
import { runCli } from '../../../src/cli/frame.ts';
import type { Package } from '../../../src/kpt/package.ts';
import { renderPackage } from '../../../src/kpt/render.ts';
import { recordedIo } from '../../support/io.ts';
import { writeRoot } from '../../support/root.ts';
import { resolvedSpec } from '../../support/specs.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { treeOf } from '../../support/tree.ts';

const web = renderPackage(scaling.plan(resolvedSpec()));
const db = renderPackage(scaling.plan(resolvedSpec({ target: 'db', targetKind: 'StatefulSet', replicas: 0 })));

function writeFolder(out: string, pkg: Package, name = pkg.name): string {
  const folder = join(out, name);
  fs.mkdirSync(folder);
  fs.chmodSync(folder, 0o755);
  for (const { path, content } of pkg.files) fs.writeFileSync(join(folder, path), content, { mode: 0o644 });
  return folder;
}

async function verify(dir: string, ...args: string[]) {
  const io = recordedIo();
  const code = await runCli(['verify', dir, ...args], io);
  return { code, out: io.out(), err: io.err() };
}

/** `path code file` of every finding. */
async function findings(dir: string): Promise<readonly string[]> {
  const { code, out } = await verify(dir, '-o', 'json');
  const { packages } = JSON.parse(out);
  const found = packages.flatMap((pkg: { path: string; findings: { code: string; path: string }[] }) =>
    pkg.findings.map((finding) => `${pkg.path} ${finding.code} ${finding.path}`),
  );
  expect(code).toBe(found.length === 0 ? 0 : 1);
  return found;
}

describe('verify of a folder of packages', () => {
  test('finds nothing in what generate wrote, and says what it looked at', async () => {
    const out = tempFolder();
    writeFolder(out, web);
    writeFolder(out, db);
    expect(await verify(out)).toEqual({
      code: 0,
      out: `✓ ${db.name}  sha256:${db.digest}\n✓ ${web.name}  sha256:${web.digest}\n2 checked, 0 altered\n`,
      err: '',
    });
  });

  const alterations: readonly (readonly [string, (folder: string) => void, readonly string[]])[] = [
    ['a changed README', (f) => fs.appendFileSync(join(f, 'README.md'), 'x'), ['changed README.md']],
    ['a missing file', (f) => fs.rmSync(join(f, 'kustomization.yaml')), ['missing kustomization.yaml']],
    ['a missing Kptfile', (f) => fs.rmSync(join(f, 'Kptfile')), ['missing Kptfile']],
    ['a missing patch', (f) => fs.rmSync(join(f, 'scaling-patch.yaml')), ['changed .']],
    ['an extra file', (f) => fs.writeFileSync(join(f, 'x.yaml'), ''), ['extra x.yaml']],
    ['an extra folder', (f) => fs.mkdirSync(join(f, 'sub')), ['extra sub']],
    ['a writable file', (f) => fs.chmodSync(join(f, 'Kptfile'), 0o666), ['mode Kptfile']],
    ['a folder open to all', (f) => fs.chmodSync(f, 0o777), ['mode .']],
    [
      'a link to the same content',
      (f) => {
        fs.renameSync(join(f, 'Kptfile'), join(f, '../same'));
        fs.symlinkSync('../same', join(f, 'Kptfile'));
      },
      ['kind Kptfile'],
    ],
    [
      'another number in the patch',
      (f) => {
        const path = join(f, 'scaling-patch.yaml');
        fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace('replicas: 5', 'replicas: 50'));
      },
      ['changed scaling-patch.yaml'],
    ],
    ['a hostile patch', (f) => fs.writeFileSync(join(f, 'scaling-patch.yaml'), '{'.repeat(9999)), ['changed .']],
    ['a FIFO', (f) => void execFileSync('mkfifo', [join(f, 'pipe')]), ['extra pipe']],
  ];
  test.each(alterations)('%s is found, and nothing else', async (_, alter, expected) => {
    const out = tempFolder();
    writeFolder(out, db);
    alter(writeFolder(out, web));
    expect(await findings(out)).toEqual(expected.map((finding) => `${web.name} ${finding}`));
  });

  test('a package under the name of another is found', async () => {
    const out = tempFolder();
    writeFolder(out, web, db.name);
    expect(await findings(out)).toEqual([`${db.name} name .`]);
  });

  test('a copy under a name of its own is intact, until its patch is changed', async () => {
    const copy = writeFolder(tempFolder(), web, 'web-5');
    expect(await findings(copy)).toEqual([]);
    const path = join(copy, 'scaling-patch.yaml');
    fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace('5', '7'));
    expect(await findings(copy)).toEqual([`${copy} changed scaling-patch.yaml`]);
  });

  test('packages inside of a kpt package of the user are found', async () => {
    const out = tempFolder();
    fs.writeFileSync(join(out, 'Kptfile'), 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: mine\n');
    fs.rmSync(join(writeFolder(out, web, 'web-5'), 'Kptfile'));
    fs.rmSync(join(writeFolder(out, db, 'db-0'), 'scaling-patch.yaml'));
    expect(await findings(out)).toEqual(['db-0 changed .', 'web-5 missing Kptfile']);
  });

  test('a folder without a package is told of, and is no success', async () => {
    const out = tempFolder();
    expect(await verify(out)).toEqual({ code: 1, out: '', err: `error: no package found in ${out}\n` });
    expect((await verify(join(out, 'nowhere'))).err).toContain('no such directory');
  });

  test('yaml says what json says', async () => {
    const out = tempFolder();
    writeFolder(out, web);
    expect(load((await verify(out, '-o', 'yaml')).out)).toEqual(JSON.parse((await verify(out, '-o', 'json')).out));
  });
});

describe('verify of a package root', () => {
  function root(): string {
    const mount = tempFolder();
    writeRoot(join(mount, 'packages'), { 'shop/web-5': web, 'shop/web-again': web, 'data/db-0': db });
    return join(mount, 'packages');
  }
  const store = (path: string, pkg: Package): string => join(path, '.patchgen/store', `${pkg.digest}.1`);

  test('is the same through the root, the mount above it, a link in it, and a store entry', async () => {
    const path = root();
    const { out } = await verify(path);
    expect(out).toContain(`✓ shop/web-5  sha256:${web.digest}\n`);
    expect(out).toContain('3 checked, 0 altered');
    expect((await verify(join(path, '..'))).out).toBe(out);
    for (const one of [join(path, 'shop/web-5'), store(path, web)]) {
      expect((await verify(one)).out).toBe(`✓ ${one}  sha256:${web.digest}\n1 checked, 0 altered\n`);
    }
  });

  test('tampering with shared content is found at every link that leads there', async () => {
    const path = root();
    fs.appendFileSync(join(store(path, web), 'Kptfile'), '#');
    expect(await findings(path)).toEqual(['shop/web-5 digest .', 'shop/web-again digest .']);
    fs.rmSync(join(store(path, db), 'README.md'));
    expect(await findings(path)).toContain('data/db-0 digest .');
  });

  test('modes, second names, extra and foreign things, and links that lead nowhere or elsewhere are found', async () => {
    const path = root();
    fs.chmodSync(join(store(path, db), 'Kptfile'), 0o666);
    fs.linkSync(join(store(path, db), 'README.md'), join(path, '../second-name'));
    fs.mkdirSync(join(path, 'shop/mine'));
    fs.writeFileSync(join(path, 'notes.txt'), '');
    fs.symlinkSync('/etc', join(path, 'shop/out'));
    fs.symlinkSync(`../.patchgen/store/${'0'.repeat(64)}.1`, join(path, 'shop/gone'));
    fs.mkdirSync(join(path, '.patchgen/store/odd'));
    expect(new Set(await findings(path))).toEqual(
      new Set([
        'data/db-0 mode Kptfile',
        'data/db-0 kind README.md',
        'data/db-0 digest .',
        'shop/mine foreign .',
        'notes.txt foreign .',
        'shop/out link .',
        'shop/gone link .',
        '.patchgen/store/odd foreign .',
      ]),
    );
  });

  test('an entry that nothing links to is checked too', async () => {
    const path = root();
    fs.rmSync(join(path, 'data/db-0'));
    expect((await verify(path)).out).toContain(`✓ .patchgen/store/${db.digest}.1`);
  });

  test("the permissions that Kubernetes' fsGroup adds are no finding", async () => {
    const path = root();
    fs.chmodSync(store(path, web), 0o2775);
    fs.chmodSync(join(store(path, web), 'Kptfile'), 0o664);
    expect(await findings(path)).toEqual([]);
  });

  test('changes nothing', async () => {
    const path = root();
    const before = treeOf(path);
    await verify(path);
    expect(treeOf(path)).toEqual(before);
  });
});
