// Builds programs from the pinned wrapper modules. Go's own caches make it resumable; the result appears by one rename.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { install, scratch } from './cache.mjs';
import { PROGRAMS } from './pinned.mjs';
import { progress } from './progress.mjs';
import { ROOT } from './root.mjs';

const NEEDED_MINOR = 26;

/**
 * Builds programs of one wrapper module into the cache.
 * @param {readonly string[]} names
 */
export async function buildAll(names) {
  const { module, linkerFlags = [], buildTags = '' } = PROGRAMS[names[0]];
  const sources = names.map((name) => PROGRAMS[name].source);
  const cwd = join(ROOT, 'tools', 'modules', module);
  const shown = progress(`Building ${names.join(', ')}`);
  const target = scratch();
  try {
    await checkGo(cwd, names);
    const listed = await go(['list', '-deps', '-tags', buildTags, ...sources], cwd, (line) => {
      if (line.startsWith('go: downloading ')) shown.update(`fetching ${line.slice('go: downloading '.length)}`);
    });
    const total = listed.split('\n').filter((line) => line !== '').length;
    let compiled = 0;
    const flags = ['-s', '-w', ...linkerFlags].join(' ');
    await go(
      [
        'build',
        '-v',
        '-trimpath',
        '-buildvcs=false',
        '-tags',
        buildTags,
        '-ldflags',
        flags,
        '-o',
        `${target}/`,
        ...sources,
      ],
      cwd,
      () => {
        compiled += 1;
        shown.update(`compiled ${compiled} packages, at most ${total}`);
      },
    );
    for (const name of names) install(join(target, builtName(name)), PROGRAMS[name].folder, name);
    shown.done();
  } catch (error) {
    shown.done('failed');
    throw error;
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

/** `go build` names a program after its package, or after its module's last part that is not a version. */
function builtName(name) {
  const { source, module } = PROGRAMS[name];
  if (source === '.') return module;
  const last = basename(source);
  return /^v\d+$/.test(last) ? basename(source.slice(0, -last.length - 1)) : last;
}

async function checkGo(cwd, names) {
  const how =
    'Install Go from https://go.dev/dl' +
    (PROGRAMS[names[0]].asset === true ? ', or set KUBEBUILDER_ASSETS to a folder that holds them' : '');
  const found = await go(['env', 'GOVERSION'], cwd).catch((error) => {
    throw new Error(
      `${names.join(', ')} cannot be built: ${error.message}. Go 1.${NEEDED_MINOR} or newer is needed. ${how}.`,
    );
  });
  const minor = Number(found.match(/^go1\.(\d+)/)?.[1] ?? Number.POSITIVE_INFINITY);
  if (minor < NEEDED_MINOR) {
    throw new Error(`${names.join(', ')} cannot be built with ${found.trim()}: 1.${NEEDED_MINOR} is needed. ${how}.`);
  }
}

/** `go build -v` goes on naming what it compiles after the first error. */
function isPackageName(line) {
  return /^[\w.~/-]+$/.test(line);
}

/**
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {(line: string) => void} [onLine] each line of stderr
 * @returns {Promise<string>} stdout
 */
function go(args, cwd, onLine = () => undefined) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off', GOFLAGS: '-mod=readonly' };
    const child = spawn('go', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let rest = '';
    /** @type {string[]} */
    const last = [];
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        onLine(line);
        if (!isPackageName(line)) last.push(line);
        if (last.length > 20) last.shift();
      }
    });
    child.on('error', (error) => reject(new Error(error.code === 'ENOENT' ? 'there is no go on PATH' : error.message)));
    child.on('close', (code) => {
      if (code === 0) resolve(stdout);
      else
        reject(new Error(`go ${args[0]} in ${cwd} ended with ${code ?? 'a signal'}:\n${[...last, rest].join('\n')}`));
    });
  });
}
