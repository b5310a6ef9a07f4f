import { join } from 'node:path';
import { expect, test } from 'vitest';
import { licenceFindings } from '../../../../tools/check/licences.ts';
import { complete, missingEntries, readLockfile } from '../../../../tools/check/lockfile.ts';
import { ROOT } from '../../../../tools/check/step.ts';

const WITHOUT_BINARY = {
  lockfileVersion: 3,
  packages: {
    '': { name: 'x' },
    'node_modules/tool': { version: '1.0.0', dev: true, optionalDependencies: { '@tool/linux-x64-musl': '1.0.0' } },
  },
};

test('an optional package that the lockfile lacks is added with its platform, and nothing else changes', () => {
  const completed = complete(WITHOUT_BINARY);
  expect(completed.packages).toEqual({
    ...WITHOUT_BINARY.packages,
    'node_modules/@tool/linux-x64-musl': {
      version: '1.0.0',
      os: ['linux'],
      cpu: ['x64'],
      libc: ['musl'],
      dev: true,
      optional: true,
    },
  });
  expect(missingEntries(completed)).toEqual({});
});

test('the lockfile of this checkout is complete and names no registry', () => {
  const lockfile = readLockfile(join(ROOT, 'package-lock.json'));
  expect(missingEntries(lockfile)).toEqual({});
  expect(Object.values(lockfile.packages).filter((entry) => 'resolved' in entry)).toEqual([]);
});

test.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0-only)', true],
  ['GPL-3.0-only', false],
  ['MIT AND GPL-3.0-only', false],
  ['(MIT AND ISC)', true],
  [undefined, false],
])('licence %s is fit to be shipped: %s', (license, fit) => {
  const entry = { version: '1.0.0', ...(license === undefined ? {} : { license }) };
  expect(licenceFindings({ packages: { '': {}, 'node_modules/x': entry } }).length === 0).toBe(fit);
});

test('a licence matters only for what is shipped', () => {
  const entry = { version: '1.0.0', dev: true, license: 'GPL-3.0-only' };
  expect(licenceFindings({ packages: { 'node_modules/x': entry } })).toEqual([]);
});
