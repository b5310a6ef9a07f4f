import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KUBERNETES, PROGRAMS } from '../../../../tools/setup/pinned.mjs';
import { ROOT } from '../../../../tools/setup/root.mjs';

const PREPARE = join(import.meta.dirname, '../../../../tools/setup/prepare.mjs');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'patchgen-binaries-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Puts a program that prints one line into a folder of the test and returns its path. */
function fake(folder: string, name: string, says = ''): string {
  const path = join(dir, folder, name);
  mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A Debian mirror that has one package with one program, as far as apt-get and dpkg-deb tell. */
function debian(program: string, says: string): void {
  tool('apt-get', `case "$*" in *download*) echo > "$PWD/one.deb";; esac`);
  tool(
    'dpkg-deb',
    `mkdir -p "$3/usr/bin" && printf '#!/bin/sh\necho "%s"\n' '${says}' > "$3/usr/bin/${program}" && chmod +x "$3/usr/bin/${program}"`,
  );
}

function tool(name: string, script: string): void {
  const path = fake('path', name);
  writeFileSync(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
}

/** Neither Go nor a network is in reach, so that nothing can be built or fetched. */
function prepare(
  names: readonly string[],
  env: Record<string, string> = {},
): { paths: string[]; said: string; code: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [PREPARE, ...names], {
    encoding: 'utf8',
    env: { PATH: join(dir, 'path'), HOME: dir, XDG_CACHE_HOME: join(dir, 'cache'), ...env },
  });
  return {
    paths: stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[1] ?? ''),
    said: stderr,
    code: status,
  };
}

/** The folder of the control plane when that minor is asked for. */
function otherMinor(minor: string): string {
  const module = join(ROOT, 'tools', 'modules', `kubernetes-${minor}`, 'go.mod');
  const version = readFileSync(module, 'utf8').match(/require k8s\.io\/kubernetes (v\S+)/)?.[1];
  return `cache/patchgen/control-plane/${version}`;
}

test('KUBEBUILDER_ASSETS comes before the cache, and the cache fills its gaps', () => {
  const etcd = fake('assets', 'etcd');
  fake(`cache/patchgen/control-plane/${KUBERNETES}`, 'etcd');
  const manager = fake(`cache/patchgen/control-plane/${KUBERNETES}`, 'kube-controller-manager');
  const { paths } = prepare(['etcd', 'kube-controller-manager'], { KUBEBUILDER_ASSETS: join(dir, 'assets') });
  expect(paths).toEqual([etcd, manager]);
});

test('the cache comes before PATH, and a program on PATH is taken only when its version is right', () => {
  fake('path', 'kustomize', 'v4.5.7');
  expect(prepare(['kustomize']).code).toBe(1);
  const right = fake('path', 'kustomize', 'v5.8.0');
  expect(prepare(['kustomize']).paths).toEqual([right]);
  const cached = fake(`cache/patchgen/${PROGRAMS['kustomize']?.folder}`, 'kustomize');
  expect(prepare(['kustomize']).paths).toEqual([cached]);
});

test('promtool comes out of a Debian package without being installed, if its version is right', () => {
  debian('promtool', 'promtool, version 2.39.1 (branch: HEAD)');
  expect(prepare(['promtool']).said).toMatch(/not a version .*; building from source instead\.\n.*cannot be built/s);
  debian('promtool', 'promtool, version 2.42.0+ds (branch: debian/sid)');
  const unpacked = join(dir, 'cache/patchgen/tools/promtool/debian/promtool');
  expect(prepare(['promtool']).paths).toEqual([unpacked]);
  fake('path', 'apt-get', 'is not asked again');
  expect(prepare(['promtool'])).toMatchObject({ paths: [unpacked], said: '' });
});

test('another minor of Kubernetes has a place of its own, beside one etcd, whatever KUBEBUILDER_ASSETS holds', () => {
  const etcd = fake('assets', 'etcd');
  fake('assets', 'kube-apiserver');
  const older = fake(otherMinor('1.32'), 'kube-apiserver');
  const asked = { PATCHGEN_KUBERNETES: '1.32', KUBEBUILDER_ASSETS: join(dir, 'assets') };
  expect(prepare(['etcd', 'kube-apiserver'], asked).paths).toEqual([etcd, older]);
  const own = fake(`cache/patchgen/control-plane/${KUBERNETES}`, 'etcd');
  expect(prepare(['etcd', 'kube-apiserver'], { PATCHGEN_KUBERNETES: '1.32' }).paths).toEqual([own, older]);
});

test('a minor that there is not is refused in one line that names those that there are', () => {
  const { said, code } = prepare(['etcd'], { PATCHGEN_KUBERNETES: '1.3' });
  expect(said).toMatch(/^PATCHGEN_KUBERNETES=1\.3: there is no such minor here; known are 1\.32, 1\.\d+\n$/);
  expect(code).toBe(1);
});

test('without a download and without Go one line says what is missing and what to do', () => {
  const { said, code } = prepare(['kustomize']);
  expect(code).toBe(1);
  expect(said.trim().split('\n').at(-1)).toMatch(
    /^kustomize cannot be built: there is no go on PATH\. Go 1\.26 or newer .*https:\/\/go\.dev\/dl/,
  );
});

test('a Helm on PATH that is older than the one that the chart is made for is not taken', () => {
  const newer = fake('path', 'helm', 'v3.23.1+g0000000');
  expect(prepare(['helm'])).toMatchObject({ paths: [newer], code: 0 });
  fake('path', 'helm', 'v3.17.4+g0000000');
  expect(prepare(['helm'])).toMatchObject({ paths: [''], code: 1 });
});
