// A program out of a Debian package that is not installed: apt-get fetches and verifies it, dpkg-deb unpacks it.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { install, scratch } from './cache.mjs';
import { systemProgram } from './path.mjs';
import { progress } from './progress.mjs';

/** A machine without a network shall get to the next way in seconds. */
const IMPATIENT = ['-o', 'Acquire::http::Timeout=8', '-o', 'Acquire::https::Timeout=8', '-o', 'Acquire::Retries=1'];

/**
 * Puts a program into the cache. Resolves without having done anything where there is no apt-get. Throws a one-line reason.
 * @param {string} name
 * @param {{ package: string, path: string, folder: string }} from
 * @param {(path: string) => boolean} isAccepted asked about the unpacked program
 */
export async function unpackFromDebian(name, from, isAccepted) {
  if (['apt-get', 'dpkg-deb'].some((tool) => systemProgram(tool) === undefined)) return;
  const target = scratch();
  const shown = progress(`Fetching ${name} out of the Debian package ${from.package}`);
  try {
    await fetchPackage(from.package, target);
    const file = readdirSync(target).find((entry) => entry.endsWith('.deb'));
    if (file === undefined) throw new Error(`apt-get left no package ${from.package}`);
    await run('dpkg-deb', ['-x', file, 'unpacked'], target);
    const program = join(target, 'unpacked', from.path);
    if (!isAccepted(program))
      throw new Error(`${name} of Debian's ${file} is not a version that the tests are written for`);
    install(program, from.folder, name);
    shown.done();
  } catch (error) {
    shown.done('not possible');
    throw error;
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

/** The machine's own package lists may be missing or old, and only root may renew them: then lists of our own. */
async function fetchPackage(name, cwd) {
  try {
    await apt(['download', name], cwd);
  } catch {
    const own = ['-o', `Dir::State::Lists=${join(cwd, 'lists')}`, '-o', `Dir::Cache=${join(cwd, 'archives')}`];
    for (const folder of ['lists/partial', 'archives/archives/partial'])
      mkdirSync(join(cwd, folder), { recursive: true });
    await apt([...own, 'update'], cwd);
    await apt([...own, 'download', name], cwd);
  }
}

/** Without APT::Sandbox::User, apt-get warns as root that its own user cannot write here. */
function apt(args, cwd) {
  return run('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', ...IMPATIENT, ...args], cwd);
}

function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
    child.on('error', (error) => reject(new Error(`${command}: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with ${code ?? 'a signal'}: ${said.trim().split('\n').at(-1)}`));
    });
  });
}
