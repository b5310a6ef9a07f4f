import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { expect, test } from 'vitest';
import { packagesIn, thirdPartyLicences } from '../../../../tools/build/third-party.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const metafile = (inputs: Readonly<Record<string, number>>): Metafile => ({
  inputs: {},
  outputs: {
    'out.js': {
      bytes: 1,
      imports: [],
      exports: [],
      inputs: Object.fromEntries(Object.entries(inputs).map(([path, bytesInOutput]) => [path, { bytesInOutput }])),
    },
  },
});

function project(...files: readonly string[]): string {
  const root = tempFolder();
  for (const folder of ['node_modules/one', 'node_modules/@scope/two', 'node_modules/one/node_modules/three']) {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(
      join(root, folder, 'package.json'),
      JSON.stringify({ name: folder, version: '1.0.0', license: 'MIT' }),
    );
  }
  for (const file of files) writeFileSync(join(root, 'node_modules', file), `text of ${file}\n`);
  return root;
}

const ALL = {
  'node_modules/one/a.js': 1,
  'node_modules/@scope/two/b.js': 1,
  'node_modules/one/node_modules/three/c.js': 1,
};

test('exactly the packages of which code is left are named, nested ones by themselves', () => {
  const more = { 'src/own.ts': 9, 'node_modules/dropped/x.js': 0, 'node_modules/one/z.js': 2 };
  expect(packagesIn([metafile({ ...ALL, ...more }), metafile({ 'node_modules/four/x.js': 1 })])).toEqual([
    'node_modules/@scope/two',
    'node_modules/four',
    'node_modules/one',
    'node_modules/one/node_modules/three',
  ]);
});

test('each package stands with its licence and its notices', async () => {
  const root = project('one/LICENSE', 'one/NOTICE.md', '@scope/two/license.txt', 'one/node_modules/three/COPYING');
  const text = await thirdPartyLicences(root, [metafile(ALL)]);
  for (const part of [
    'one 1.0.0 (MIT)',
    'text of one/LICENSE',
    'text of one/NOTICE.md',
    'text of @scope/two/license.txt',
  ])
    expect(text).toContain(part);
});

test('a package without a licence text is not shipped', async () => {
  const root = project('one/LICENSE', 'one/node_modules/three/COPYING');
  await expect(thirdPartyLicences(root, [metafile(ALL)])).rejects.toThrow('node_modules/@scope/two: no licence text');
});

test('notices alone are no licence', async () => {
  const root = project('one/NOTICE', '@scope/two/LICENSE', 'one/node_modules/three/COPYING');
  await expect(thirdPartyLicences(root, [metafile(ALL)])).rejects.toThrow('node_modules/one: no licence text');
});
