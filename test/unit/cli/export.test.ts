import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scaling } from '../../../src/changes/scaling/scaling.ts';
import { runCli } from '../../../src/cli/frame.ts';
import { renderPackage } from '../../../src/kpt/render.ts';
import { recordedIo } from '../../support/io.ts';
import { writeRoot } from '../../support/root.ts';
import { resolvedSpec } from '../../support/specs.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { treeOf } from '../../support/tree.ts';

const web = renderPackage(scaling.plan(resolvedSpec()));

function mountWithWeb(): string {
  const mount = tempFolder();
  writeRoot(join(mount, 'packages'), { 'shop/web-5': web });
  return mount;
}

async function exported(mount: string, intent = 'shop/web-5', terminal = false) {
  const io = recordedIo('', terminal);
  const code = await runCli(['export', intent, '--output-dir', mount], io);
  return { code, archive: io.outBytes(), err: io.err() };
}

describe('export', () => {
  test('gives the published package as a folder of its name, modes and bytes alike', async () => {
    const { code, archive, err } = await exported(mountWithWeb());
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const out = tempFolder();
    execFileSync('tar', ['-x', '-p', '-C', out], { input: archive });
    const expected: Record<string, string> = { [web.name]: 'folder 755' };
    for (const { path, content } of web.files) expected[`${web.name}/${path}`] = `file 644 ${content}`;
    expect(treeOf(out)).toEqual(expected);
  });

  test('gives the same bytes from another root, at another time, in another order of creation', async () => {
    const [one, other] = [mountWithWeb(), mountWithWeb()];
    const readme = join(other, 'packages/shop/web-5/README.md');
    const text = fs.readFileSync(readme);
    fs.rmSync(readme);
    fs.writeFileSync(readme, text, { mode: 0o644 });
    fs.utimesSync(readme, new Date(0), new Date(0));
    expect((await exported(one)).archive.equals((await exported(other)).archive)).toBe(true);
  });

  test('never writes an archive to a terminal', async () => {
    const { code, archive, err } = await exported(mountWithWeb(), 'shop/web-5', true);
    expect(code).toBe(2);
    expect(archive).toHaveLength(0);
    expect(err).toContain('refusing to write an archive to a terminal');
  });

  test('an altered package is not exported', async () => {
    const mount = mountWithWeb();
    fs.appendFileSync(join(mount, 'packages/shop/web-5/Kptfile'), '#');
    const { code, archive, err } = await exported(mount);
    expect({ code, size: archive.length }).toEqual({ code: 1, size: 0 });
    expect(err).toContain('was altered');
  });

  test('a link that leads out of the store is not followed', async () => {
    const mount = mountWithWeb();
    fs.symlinkSync('/etc', join(mount, 'packages/shop/out'));
    fs.mkdirSync(join(mount, 'packages/shop/folder'));
    for (const intent of ['shop/out', 'shop/folder']) {
      const { code, archive, err } = await exported(mount, intent);
      expect({ code, size: archive.length }).toEqual({ code: 1, size: 0 });
      expect(err).toContain('is not a link that the operator made');
    }
  });

  test('what is not there is told in words that say where it was looked for', async () => {
    const mount = mountWithWeb();
    expect((await exported(mount, 'shop/other')).err).toContain('no package is published for shop/other');
    expect((await exported(mount, 'other/web-5')).err).toContain('no package is published for other/web-5');
    expect((await exported(tempFolder())).err).toContain('package root does not exist');
  });

  test('what is no intent is wrong usage', async () => {
    for (const intent of ['web-5', 'a/b/c', '../x', 'shop/..', 'shop/', '/etc', 'SHOP/x']) {
      expect(await exported(mountWithWeb(), intent)).toMatchObject({
        code: 2,
        err: expect.stringContaining('not an intent'),
      });
    }
  });
});
