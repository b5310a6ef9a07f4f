import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Machine, machine, obstacle } from '../../../../tools/node/suitable.ts';

const SUITABLE: Machine = { platform: 'linux', isRoot: true, lacks: () => [], isPrivileged: () => true };

test('a Linux machine with root and every program can run a node', () => {
  expect(obstacle(SUITABLE)).toBeUndefined();
});

test('what is in the way is said in one sentence', () => {
  expect(obstacle({ ...SUITABLE, platform: 'darwin' })).toBe('A real node needs Linux; this is darwin.');
  expect(obstacle({ ...SUITABLE, isRoot: false })).toMatch(/^A real node needs root, .* with sudo\.$/);
  expect(obstacle({ ...SUITABLE, isPrivileged: () => false })).toMatch(/^A real node makes .* not allowed here: .*\.$/);
});

test('one command installs the programs that are missing, and the plug-ins count as programs', () => {
  const lacks = (names: readonly string[]) => names.filter((name) => name === 'nft' || name.endsWith('/bridge'));
  expect(obstacle({ ...SUITABLE, lacks })).toBe(
    'A real node needs programs that are not here: nft, /usr/lib/cni/bridge. On Debian and Ubuntu: ' +
      'apt-get install -y --no-install-recommends containernetworking-plugins nftables',
  );
});

test('whether this machine is suitable can be asked without leaving a mount', () => {
  const mounts = (): string => (process.platform === 'linux' ? readFileSync('/proc/self/mountinfo', 'utf8') : '');
  const before = mounts();
  obstacle(machine());
  expect(mounts()).toBe(before);
});
