import { expect, onTestFinished, test } from 'vitest';
import { ADDRESS } from '../../../tools/node/layout.ts';
import { startNode } from '../../../tools/node/node.ts';

test('Services work with iptables too', async () => {
  const node = await startNode({ proxyMode: 'iptables' });
  onTestFinished(() => node.stop());
  const url = JSON.stringify(`https://${ADDRESS.apiService}/version`);
  const ask = `process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; console.log((await fetch(${url})).status)`;
  const { stdout } = await node.inNetwork([process.execPath, '--no-warnings', '--input-type=module', '-e', ask]);
  expect(stdout.trim()).toBe('200');
});
