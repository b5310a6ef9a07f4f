import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from '../../../../tools/setup/lock.mjs';

let dir: string;
let lock: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'patchgen-lock-'));
  lock = join(dir, 'lock');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const holder = (pid: number, host = hostname()): string => JSON.stringify({ pid, host, since: 0 });

async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

test('processes that want the same lock work one after the other', async () => {
  const code = `
    import { appendFileSync } from 'node:fs';
    import { withLock } from ${JSON.stringify(join(import.meta.dirname, '../../../../tools/setup/lock.mjs'))};
    await withLock(${JSON.stringify(lock)}, 'testing', async () => {
      appendFileSync(${JSON.stringify(join(dir, 'log'))}, 'in ');
      await new Promise((resolve) => setTimeout(resolve, 20));
      appendFileSync(${JSON.stringify(join(dir, 'log'))}, 'out ');
    });`;
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' }),
  );
  await Promise.all(children.map((child) => once(child, 'exit')));
  expect(readFileSync(join(dir, 'log'), 'utf8')).toBe('in out '.repeat(4));
  expect(existsSync(lock)).toBe(false);
});

test('the lock of a process that is gone is taken over', async () => {
  writeFileSync(lock, holder(await deadPid()));
  expect(await withLock(lock, 'testing', async () => readFileSync(lock, 'utf8'))).toContain(`"pid":${process.pid}`);
});

test('a lock of another machine that nobody touches for a minute is taken over', async () => {
  writeFileSync(lock, holder(1, 'elsewhere'));
  const longAgo = new Date(Date.now() - 61_000);
  utimesSync(lock, longAgo, longAgo);
  expect(await withLock(lock, 'testing', async () => 'worked')).toBe('worked');
});

test('a lock that is held is waited for, whichever machine holds it', async () => {
  writeFileSync(lock, holder(1, 'elsewhere'));
  let worked = false;
  const work = withLock(lock, 'testing', async () => {
    worked = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(worked).toBe(false);
  rmSync(lock);
  await work;
  expect(worked).toBe(true);
});

test('work that fails gives the lock back', async () => {
  await expect(withLock(lock, 'testing', () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck');
  expect(existsSync(lock)).toBe(false);
});
