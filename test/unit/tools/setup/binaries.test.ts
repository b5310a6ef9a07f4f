import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KUBERNETES, PROGRAMS } from '../../../../tools/setup/pinned.mjs';

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

test('without a download and without Go one line says what is missing and what to do', () => {
  const { said, code } = prepare(['kustomize']);
  expect(code).toBe(1);
  expect(said.trim().split('\n').at(-1)).toMatch(
    /^kustomize cannot be built: there is no go on PATH\. Go 1\.26 or newer .*https:\/\/go\.dev\/dl/,
  );
});
