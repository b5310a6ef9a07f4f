import { expect, test } from 'vitest';
import { type Machine, obstacle } from '../../../../tools/node/suitable.ts';

const SUITABLE: Machine = { platform: 'linux', isRoot: true, lacks: () => [] };

test('a Linux machine with root and every program can run a node', () => {
  expect(obstacle(SUITABLE)).toBeUndefined();
});

test('what is in the way is said in one sentence', () => {
  expect(obstacle({ ...SUITABLE, platform: 'darwin' })).toBe('A real node needs Linux; this is darwin.');
  expect(obstacle({ ...SUITABLE, isRoot: false })).toMatch(/^A real node needs root, .* with sudo\.$/);
});

test('one command installs the programs that are missing, and the plug-ins count as programs', () => {
  const lacks = (names: readonly string[]) => names.filter((name) => name === 'nft' || name.endsWith('/bridge'));
  expect(obstacle({ ...SUITABLE, lacks })).toBe(
    'A real node needs programs that are not here: nft, /usr/lib/cni/bridge. On Debian and Ubuntu: ' +
      'apt-get install -y --no-install-recommends containernetworking-plugins nftables',
  );
});
