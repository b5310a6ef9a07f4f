import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyFolder } from '../../../../tools/node/clear-away.ts';
import { lockHolder } from '../../../../tools/node/guardian.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'patchgen-guardian-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const onLinux = process.platform === 'linux';

test('who holds the lock is the guardian that its file names, and no process that got its number later', async () => {
  const lock = join(dir, 'lock');
  const write = (pid: number | undefined): void => writeFileSync(lock, JSON.stringify({ pid, dir: '/tmp/x' }));
  const forEver = 'setInterval(() => {}, 1000); console.log("up")';
  const guardian = spawn(process.execPath, ['-e', forEver, '/elsewhere/guardian-process.ts']);
  try {
    await once(guardian.stdout, 'data');
    write(guardian.pid);
    expect(lockHolder(lock)).toEqual(onLinux ? { pid: guardian.pid, dir: '/tmp/x' } : undefined);
    write(process.pid);
    expect(lockHolder(lock)).toBeUndefined();
  } finally {
    guardian.kill('SIGKILL');
    await once(guardian, 'exit');
  }
  write(guardian.pid);
  expect(lockHolder(lock)).toBeUndefined();
  writeFileSync(lock, '');
  expect(lockHolder(lock)).toBeUndefined();
  expect(lockHolder(join(dir, 'absent'))).toBeUndefined();
});

test.each(['other', 'patchgen-node-1/inner', 'patchgen-node-1/../other', 'patchgen-node-1/..'])(
  'only a folder that bears the name of a node is removed: %s stays',
  async (name) => {
    for (const folder of ['other', 'patchgen-node-1/inner']) mkdirSync(join(dir, folder), { recursive: true });
    await expect(emptyFolder(`${dir}/${name}`, false)).rejects.toThrow('is no folder of a node');
    expect(existsSync(`${dir}/${name}`)).toBe(true);
    await emptyFolder(join(dir, 'patchgen-node-1'), false);
    expect(existsSync(join(dir, 'patchgen-node-1'))).toBe(false);
    expect(existsSync(join(dir, 'other'))).toBe(true);
  },
);
