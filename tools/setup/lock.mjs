// A lock between processes that dies with its holder: the holder touches the file, and a file that nobody touches is stale.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { progress } from './progress.mjs';

const TOUCH_MS = 2000;
const STALE_MS = 60_000;

/**
 * Runs `work` while no other process holds the lock; waits for it, and says so. What the lock protects must be safe anyway
 * should a holder sleep for longer than a minute (a suspended laptop): everything is put in place by one rename.
 * @template T
 * @param {string} path
 * @param {string} what shown to those who wait
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, what, work) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), since: Date.now() });
  /** @type {ReturnType<typeof progress> | undefined} */
  let waiting;
  while (!take(path, mine)) {
    waiting ??= progress(`Waiting for another process that is ${what}`);
    breakStale(path);
    await sleep(200);
  }
  waiting?.done();
  const release = () => {
    if (read(path) === mine) rmSync(path, { force: true });
  };
  const touch = setInterval(() => {
    const now = new Date();
    if (read(path) === mine) utimesSync(path, now, now);
  }, TOUCH_MS);
  touch.unref();
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    process.off('exit', release);
    release();
  }
}

/** Written under another name first, so that nobody ever reads a lock without its owner. */
function take(path, mine) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, mine);
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function breakStale(path) {
  const seen = read(path);
  if (seen === undefined || !isStale(path, seen)) return;
  // Several may come here at once: whoever renames decides, and puts a lock back that was taken meanwhile.
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (read(aside) !== seen) {
    try {
      linkSync(aside, path);
    } catch {
      // Taken again: the work is safe with two, see withLock.
    }
  }
  rmSync(aside, { force: true });
}

function isStale(path, text) {
  try {
    if (Date.now() - statSync(path).mtimeMs > STALE_MS) return true;
    const { pid, host } = JSON.parse(text);
    return host === hostname() && !isAlive(pid);
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
