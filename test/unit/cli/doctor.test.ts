import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DoctorCheck, failed, ok, runChecks, skipped } from '../../../src/cli/doctor/check.ts';
import { runtimeChecks } from '../../../src/cli/doctor/runtime-checks.ts';
import { storageChecks } from '../../../src/cli/doctor/storage-checks.ts';
import { runCli } from '../../../src/cli/frame.ts';
import { recordedIo } from '../../support/io.ts';

const check = (name: string, run: DoctorCheck['run'], needs?: string): DoctorCheck => ({
  area: 'a',
  name,
  run,
  ...(needs === undefined ? {} : { needs }),
});
const states = async (checks: readonly DoctorCheck[]) =>
  (await runChecks(checks)).map(({ name, state }) => `${name} ${state}`);

describe('checks', () => {
  test('run in order, and each is told as it ends', async () => {
    const told: string[] = [];
    await runChecks([check('1', () => ok('x')), check('2', () => failed('y', 'z'))], ({ name }) => told.push(name));
    expect(told).toEqual(['1', '2']);
  });

  test('one that throws has failed, and the others go on', async () => {
    const broken = (): never => {
      throw new Error('broken');
    };
    expect(await states([check('1', broken), check('2', async () => ok(''))])).toEqual(['1 failed', '2 ok']);
  });

  test('what needs a check that did not pass is skipped, and so on down the line', async () => {
    const list = [check('1', () => failed('', '')), check('2', () => ok(''), '1'), check('3', () => ok(''), '2')];
    expect(await states(list)).toEqual(['1 failed', '2 skipped', '3 skipped']);
    expect(await states([check('1', () => skipped('')), check('2', () => ok(''), '1')])).toEqual([
      '1 skipped',
      '2 skipped',
    ]);
  });
});

describe('the program itself', () => {
  test('is well on this Node, and writes packages with the digest that every other build writes', async () => {
    const checks = runtimeChecks({ nodeVersion: process.version, platform: 'test' });
    expect((await runChecks(checks)).filter(({ state }) => state !== 'ok')).toEqual([]);
  });

  test('an older Node is told', async () => {
    const [node] = await runChecks(runtimeChecks({ nodeVersion: 'v20.1.0', platform: 'test' }));
    expect(node).toMatchObject({ state: 'failed', fix: expect.stringContaining('24') });
  });
});

describe('storage', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchgen-doctor-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const look = (options: Partial<Parameters<typeof storageChecks>[0]> = {}) =>
    runChecks(storageChecks({ outputDir: folder, minFreeBytes: 1, required: true, ...options }));

  test('a good directory passes every check, and nothing is left in it', async () => {
    expect((await look()).filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('a missing directory fails where it must be there, and is skipped elsewhere', async () => {
    const outputDir = join(folder, 'nope');
    expect((await look({ outputDir }))[0]).toMatchObject({
      state: 'failed',
      detail: `output directory does not exist: ${outputDir}`,
    });
    expect((await look({ outputDir, required: false })).map(({ state }) => state)).not.toContain('failed');
  });

  test('a file in place of the directory fails', async () => {
    const outputDir = join(folder, 'file');
    await writeFile(outputDir, '');
    expect((await look({ outputDir }))[0]?.state).toBe('failed');
  });

  test('too little space fails, and says how much there is and how much is needed', async () => {
    const space = (await look({ minFreeBytes: Number.MAX_SAFE_INTEGER })).find(({ name }) => name === 'space');
    expect(space?.detail).toMatch(/^insufficient disk space: \d+ bytes available, 9007199254740991 needed$/);
  });

  test('a directory that may not be written fails with the permission phrase', async () => {
    await chmod(folder, 0o500);
    // Root may write everywhere but in a file system like that of the terminals.
    const outputDir = process.getuid?.() === 0 ? '/dev/pts' : folder;
    expect((await look({ outputDir })).find(({ name }) => name === 'write')?.detail).toContain('permission denied');
  });
});

describe('the command', () => {
  test('without a cluster ends with 1 and says how to name one', async () => {
    const io = recordedIo();
    // A kubeconfig that is not there hides whatever cluster the person running the tests has.
    expect(await runCli(['doctor', '--kubeconfig', '/nonexistent/kubeconfig'], io)).toBe(1);
    expect(io.out()).toContain('✗ access');
    expect(io.out()).toContain('--kubeconfig');
  });

  test('--no-cluster leaves the cluster out, and all well is 0', async () => {
    const io = recordedIo();
    expect(await runCli(['doctor', '--no-cluster', '--output-dir', tmpdir(), '-o', 'json'], io), io.out()).toBe(0);
    const { ok: well, checks } = JSON.parse(io.out()) as { ok: boolean; checks: { area: string }[] };
    expect(well).toBe(true);
    expect(new Set(checks.map(({ area }) => area))).toEqual(new Set(['runtime', 'storage']));
  });
});
