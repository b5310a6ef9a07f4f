import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { freshNamespace, sharedControlPlane } from '../../support/shared-control-plane.ts';

let own: ControlPlane;
beforeAll(async () => {
  own = await startControlPlane();
});
afterAll(() => own?.stop());

test('a client certificate gives the user and the groups that were asked for, and no rights beyond them', async () => {
  const kubeconfig = await own.kubeconfigFor('jane', ['builders', 'readers']);
  const who = await own.kubectl(['auth', 'whoami', '-o', 'json'], { kubeconfig });
  expect(JSON.parse(who.stdout).status.userInfo).toMatchObject({
    username: 'jane',
    groups: ['builders', 'readers', 'system:authenticated'],
  });
  const refused = await own.kubectl(['get', 'namespaces'], { kubeconfig, allowFailure: true });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('Forbidden');
});

test('a client that does not know the authority refuses the server', async () => {
  await expect(fetch(`${own.server}/readyz`)).rejects.toMatchObject({
    cause: { code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/) },
  });
});

test('a killed API server comes back on the same address with the same data', async () => {
  const namespace = await freshNamespace(own);
  const before = own.apiServerPid;
  await own.killApiServer();
  await expect(own.request('GET', '/readyz')).rejects.toThrow();
  await own.startApiServer();
  expect(own.apiServerPid).not.toBe(before);
  expect((await own.request('GET', `/api/v1/namespaces/${namespace}`)).status).toBe(200);
});

test('the shared control plane serves the CRDs and records writes', async () => {
  const shared = await sharedControlPlane();
  const namespace = await freshNamespace(shared);
  const { status } = await shared.request('GET', `/apis/patchgen.dev/v1alpha1/namespaces/${namespace}/patchintents`);
  expect(status).toBe(200);
  expect(shared.auditLogPath).toBeDefined();
  expect(await sharedControlPlane()).toMatchObject({ server: shared.server });
});

test('a control plane does not outlive its starter, even one that is killed outright', async () => {
  const code = `
    import { startControlPlane } from './tools/control-plane/control-plane.ts';
    const { dir, server, etcdUrl, apiServerPid, etcdPid } = await startControlPlane();
    console.log(JSON.stringify({ dir, server, etcdUrl, pids: [apiServerPid, etcdPid] }));
    setInterval(() => undefined, 1000);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const facts = await new Promise<{ dir: string; server: string; etcdUrl: string; pids: number[] }>(
    (resolve, reject) => {
      starter.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString())));
      starter.once('exit', (exit) => reject(new Error(`the starter ended with ${exit}`)));
    },
  );
  expect(await listens(facts.server)).toBe(true);
  starter.removeAllListeners('exit');
  starter.kill('SIGKILL');
  while (existsSync(facts.dir)) await sleep(50);
  expect(await listens(facts.server)).toBe(false);
  expect(await listens(facts.etcdUrl)).toBe(false);
});

async function listens(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
