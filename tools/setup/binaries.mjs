// The one place that knows where a program is: KUBEBUILDER_ASSETS, the cache, PATH, then a download or a Debian package, then `go build`.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cached, cacheRoot, install, scratch } from './cache.mjs';
import { unpackFromDebian } from './debian-package.mjs';
import { download } from './download.mjs';
import { buildAll } from './go-build.mjs';
import { withLock } from './lock.mjs';
import { programsOnPath } from './path.mjs';
import { ENVTEST, KUBERNETES, PROGRAMS } from './pinned.mjs';
import { say } from './progress.mjs';

/** What was found, so that programs on PATH are asked for their version once per process. */
const FOUND = new Map();

export async function binary(name) {
  const { [name]: path } = await binaries([name]);
  return path;
}

export async function binaries(names) {
  if (names.some((name) => find(name) === undefined)) {
    await withLock(join(cacheRoot(), 'obtain.lock'), `fetching or building ${names.join(', ')}`, () => obtain(names));
  }
  return Object.fromEntries(names.map((name) => [name, find(name)]));
}

/** Where it is now, without fetching or building anything. */
function find(name) {
  const program = PROGRAMS[name];
  if (program === undefined) throw new Error(`unknown program ${name}; known are ${Object.keys(PROGRAMS).join(', ')}`);
  const path = FOUND.get(name) ?? inAssets(name) ?? inCache(name) ?? onPath(name);
  if (path !== undefined) FOUND.set(name, path);
  return path;
}

function inAssets(name) {
  const folder = process.env.KUBEBUILDER_ASSETS;
  if (PROGRAMS[name].asset !== true || folder === undefined || folder === '') return undefined;
  const path = join(folder, name);
  return existsSync(path) ? path : undefined;
}

function inCache(name) {
  const { folder, debian } = PROGRAMS[name];
  return cached(folder, name) ?? (debian === undefined ? undefined : cached(debian.folder, name));
}

/** Only if its version is one that the tests are written for: it is asked. */
function onPath(name) {
  const { onPath: wanted } = PROGRAMS[name];
  if (wanted === undefined) return undefined;
  return programsOnPath(name).find((path) => isAccepted(path, wanted));
}

function isAccepted(path, { args, accepts }) {
  const answer = spawnSync(path, args, { encoding: 'utf8', timeout: 20_000 });
  return answer.status === 0 && accepts.test(answer.stdout);
}

async function obtain(names) {
  const missing = () => names.filter((name) => find(name) === undefined);
  if (missing().some((name) => PROGRAMS[name].archived === true)) await tryArchive();
  for (const name of missing()) if (PROGRAMS[name].debian !== undefined) await tryDebian(name);
  while (missing().length > 0) {
    const { module } = PROGRAMS[missing()[0]];
    await buildAll(missing().filter((name) => PROGRAMS[name].module === module));
  }
}

/** Gives up after a few seconds with one line: the programs can be built as well. */
async function tryArchive() {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const sha512 = ENVTEST.sha512[platform];
  if (sha512 === undefined || ENVTEST.version !== KUBERNETES) return;
  const archive = join(cacheRoot(), 'downloads', `envtest-${ENVTEST.version}-${platform}.tar.gz`);
  const target = scratch();
  try {
    const url = ENVTEST.url(platform);
    await download({ url, path: archive, sha512, what: `Fetching the control plane ${KUBERNETES} from github.com` });
    mkdirSync(target, { recursive: true });
    await unpack(archive, target);
    for (const [name, { archived, folder }] of Object.entries(PROGRAMS)) {
      if (archived === true && cached(folder, name) === undefined) install(join(target, name), folder, name);
    }
    rmSync(archive);
  } catch (error) {
    say(`${error.message}; building from source instead.`);
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

/** On a machine without apt-get there is nothing to try. */
async function tryDebian(name) {
  const { debian, onPath: wanted } = PROGRAMS[name];
  try {
    await unpackFromDebian(name, debian, (path) => isAccepted(path, wanted));
  } catch (error) {
    say(`${error.message}; building from source instead.`);
  }
}

function unpack(archive, target) {
  return new Promise((resolve, reject) => {
    const child = spawn('tar', ['-xzf', archive, '--strip-components=2', '-C', target], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`tar could not unpack ${archive}`))));
  });
}
