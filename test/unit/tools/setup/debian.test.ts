import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { debianPrograms, howToInstall, missingPrograms, NEEDS, packagesOf } from '../../../../tools/setup/debian.mjs';

const MISSING_PACKAGES = join(import.meta.dirname, '../../../../tools/setup/missing-packages.mjs');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'patchgen-debian-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a machine that has everything lacks nothing, and one that has nothing lacks every program that somebody needs', () => {
  for (const names of Object.values(NEEDS)) {
    expect(missingPrograms(names, () => true)).toEqual([]);
    expect(missingPrograms(names, () => false)).toEqual(names);
    expect(packagesOf(names)).not.toEqual([]);
  }
});

test('one command installs everything that is missing, each package once', () => {
  expect(howToInstall(['nsenter', 'runc', '/usr/lib/cni/bridge', 'unshare', '/usr/lib/cni/portmap'])).toBe(
    'On Debian and Ubuntu: apt-get install -y --no-install-recommends containernetworking-plugins runc util-linux',
  );
});

test('programs are found on PATH, and a file that cannot be executed is none', () => {
  const before = process.env.PATH;
  try {
    const path = join(dir, 'tar');
    writeFileSync(path, '');
    process.env.PATH = `${dir}:/usr/bin:/bin`;
    expect(debianPrograms(['tar']).tar).not.toBe(path);
    chmodSync(path, 0o755);
    expect(debianPrograms(['tar'])).toEqual({ tar: path });
  } finally {
    process.env.PATH = before;
  }
});

test('a name without a package is a mistake, not a missing program', () => {
  expect(() => debianPrograms(['no-such-program'])).toThrow(/^which Debian package no-such-program is in/);
});

test('who asks for the packages that are missing gets names for apt-get and nothing else', () => {
  const printed = spawnSync(process.execPath, [MISSING_PACKAGES, 'tests'], { encoding: 'utf8', env: { PATH: dir } });
  expect(printed.stderr).toBe('');
  // What stands in an sbin folder is there whatever PATH says.
  expect(packagesOf(NEEDS.tests).join(' ')).toContain(printed.stdout.trim());
  expect(printed.stdout).toContain('strace');
});
