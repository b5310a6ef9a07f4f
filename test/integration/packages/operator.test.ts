import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/frame.ts';
import { recordedIo } from '../../support/io.ts';
import { type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { treeOf } from '../../support/tree.ts';

// The commands that work without a cluster against what a running operator has published: one engine, the same bytes.

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
  await world.start();
  await world.namespace('shop');
});
afterAll(async () => world?.stop());

async function patchgen(args: readonly string[], input = '') {
  const io = recordedIo(input);
  const code = await runCli(args, io);
  return { code, out: io.outBytes(), text: io.out(), err: io.err() };
}

test('generate, export and the operator give the same package, and verify finds all of them intact', async () => {
  const spec = { intentType: 'scaling', target: 'web', targetKind: 'StatefulSet', replicas: 7, correlationId: 'c-1' };
  await world.apply('shop/web', spec);
  const { status } = await world.ready('shop/web');
  const published = treeOf(fs.realpathSync(join(world.packages, 'shop/web')));

  const generated = tempFolder();
  const { stdout } = await world.plane.kubectl(['get', 'pi', 'web', '-n', 'shop', '-o', 'json']);
  const { code, text, err } = await patchgen(['generate', '-', '--output', generated], stdout);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(text).toContain(`sha256:${status?.package?.digest}`);
  expect(fs.readdirSync(generated)).toEqual([status?.package?.name]);
  const folder = join(generated, status?.package?.name ?? '');
  expect(treeOf(folder)).toEqual(published);

  const exported = tempFolder();
  const archive = await patchgen(['export', 'shop/web', '--output-dir', world.outputDir]);
  expect(archive).toMatchObject({ code: 0, err: '' });
  execFileSync('tar', ['-x', '-p', '-C', exported], { input: archive.out });
  expect(treeOf(exported)).toEqual(treeOf(generated));

  for (const dir of [world.outputDir, world.packages, join(world.packages, 'shop/web'), generated, folder, exported]) {
    expect(await patchgen(['verify', dir])).toMatchObject({
      code: 0,
      text: expect.stringContaining('1 checked, 0 altered'),
    });
  }
});

test('verify sees what was changed in a published package before the operator restores it', async () => {
  await world.apply('shop/api', { intentType: 'scaling', target: 'api', replicas: 2, correlationId: 'c-2' });
  await world.ready('shop/api');
  fs.appendFileSync(join(world.packages, 'shop/api/README.md'), 'mine\n');
  const { code, text } = await patchgen(['verify', world.outputDir]);
  expect(code).toBe(1);
  expect(text).toMatch(/✗ shop\/api {2}sha256:\w{64}\n {4}digest: content has digest/);
  expect((await patchgen(['export', 'shop/api', '--output-dir', world.outputDir])).code).toBe(1);
});
