// The dependencies, exactly as the lockfile says. Nothing is done when they are there already.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { progress } from './progress.mjs';
import { ROOT } from './root.mjs';

const LOCKFILE = join(ROOT, 'package-lock.json');
const MODULES = join(ROOT, 'node_modules');
const STAMP = join(MODULES, '.patchgen-setup');

/** Installs what the lockfile names; two callers at once wait for each other. Throws with npm's own words. */
export async function ensureNodeModules() {
  if (!isInstalled()) {
    await withLock(join(ROOT, '.tmp', 'node-modules.lock'), 'installing the dependencies', async () => {
      if (isInstalled()) return;
      if (!matchesLockfile()) await npmCi();
      writeFileSync(STAMP, fingerprint());
    });
  }
  linkOwnCommand();
}

function isInstalled() {
  return readText(STAMP) === fingerprint();
}

function fingerprint() {
  return `${createHash('sha256').update(readFileSync(LOCKFILE)).digest('hex')} ${process.platform}-${process.arch}\n`;
}

/** npm notes at the end of each install what it put there: after `npm install x` there is nothing left to do. */
function matchesLockfile() {
  const text = readText(join(MODULES, '.package-lock.json'));
  if (text === undefined) return false;
  const there = JSON.parse(text).packages;
  return wanted().every(([path, { version, integrity, optional }]) => {
    // npm leaves an optional package out where it does not fit, for reasons that the lockfile does not tell in full.
    if (there[path] === undefined) return optional === true;
    return there[path].version === version && there[path].integrity === integrity && existsSync(join(ROOT, path));
  });
}

/** What the lockfile names for this machine. */
function wanted() {
  const fits = (list, own) => list === undefined || list.includes(own);
  return Object.entries(JSON.parse(readFileSync(LOCKFILE, 'utf8')).packages).filter(
    ([path, { os, cpu }]) => path !== '' && fits(os, process.platform) && fits(cpu, process.arch),
  );
}

async function npmCi() {
  const paths = wanted().map(([path]) => join(ROOT, path, 'package.json'));
  const shown = progress('Installing the dependencies');
  const count = () => shown.update(`${paths.filter((path) => existsSync(path)).length} of ${paths.length} packages`);
  const timer = setInterval(count, 500);
  try {
    await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    count();
    shown.done();
  } catch (error) {
    shown.done('failed');
    throw error;
  } finally {
    clearInterval(timer);
  }
}

function npm(args) {
  const own = process.env.npm_execpath;
  const [command, first] = own?.endsWith('.js') === true ? [process.execPath, [own]] : ['npm', []];
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    child.stderr.on('data', (chunk) => (said += chunk));
    child.on('error', (error) => reject(new Error(`npm could not be started: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ${args[0]} ended with ${code ?? 'a signal'}:\n${said.trim()}`));
    });
  });
}

/** `npx patchgen` finds what is linked here; npm links the commands of dependencies only. */
function linkOwnCommand() {
  const link = join(MODULES, '.bin', 'patchgen');
  const target = join('..', '..', 'bin', 'patchgen.mjs');
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(link) === target) return;
  try {
    mkdirSync(dirname(link), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(target, link);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error; // Another process was quicker.
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
