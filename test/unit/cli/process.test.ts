import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** A cluster that never answers: the discard port of this machine. */
const NOBODY = JSON.stringify({
  'current-context': 'nobody',
  contexts: [{ name: 'nobody', context: { cluster: 'nobody', user: 'nobody' } }],
  clusters: [{ name: 'nobody', cluster: { server: 'https://127.0.0.1:9' } }],
  users: [{ name: 'nobody', user: { token: 'none' } }],
});

/** Runs a shell line in which `$patchgen` is the real program. */
function shell(line: string, env: Record<string, string> = {}) {
  const script = `set -o pipefail; patchgen() { "$NODE" "$MAIN" "$@"; }; ${line}`;
  const options = { encoding: 'utf8', env: { ...process.env, ...env, NODE: process.execPath, MAIN } } as const;
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], options);
  return { status, stdout, stderr };
}

describe('the process', () => {
  test('ends with the code of the command, and prints results and errors where they belong', () => {
    expect(shell('patchgen --version')).toMatchObject({ status: 0, stderr: '' });
    expect(shell('patchgen crd -o xml')).toMatchObject({ status: 2, stdout: '' });
  });

  test('a setting that is wrong is one line and 2, whatever its source', () => {
    const { status, stdout, stderr } = shell('patchgen run', { PATCHGEN_WORKERS: 'many' });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe('error: PATCHGEN_WORKERS: must be a whole number between 1 and 256, got "many"\n');
  });

  test.each(['metrics', 'health-probe'])('an operator whose %s address is taken says so and ends', async (server) => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'kubeconfig'), NOBODY);
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const addresses = ['metrics', 'health-probe'].map(
      (name) => `--${name}-bind-address 127.0.0.1:${name === server ? port : 0}`,
    );
    const line = `run --kubeconfig ${folder}/kubeconfig --output-dir ${folder} ${addresses.join(' ')}`;
    const { status, stderr } = shell(`timeout 60 "$NODE" "$MAIN" ${line}`, { PATCHGEN_WORKERZ: '3' });
    expect(stderr).toContain('"variable":"PATCHGEN_WORKERZ","msg":"unknown environment variable: no such setting"');
    expect(stderr).toContain(`cannot listen on 127.0.0.1:${port}: the port is taken by another process`);
    expect(status).toBe(1);
  });

  test('an operator without servers and without an API server goes on until it is told to stop', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'kubeconfig'), NOBODY);
    const line = `run --kubeconfig ${folder}/kubeconfig --output-dir ${folder} --metrics-bind-address 0 --health-probe-bind-address 0`;
    const operator = spawn(process.execPath, [MAIN, ...line.split(' ')], { stdio: ['ignore', 'ignore', 'pipe'] });
    onTestFinished(() => void operator.kill('SIGKILL'));
    const ended = once(operator, 'exit');
    let log = '';
    let told = false;
    for await (const chunk of operator.stderr) {
      log += String(chunk);
      if (told || !log.includes('"attempt":2') || !log.includes('self-test passed')) continue;
      told = operator.kill('SIGTERM');
    }
    expect(log).toContain('patchgen stopped');
    expect(await ended).toEqual([0, null]);
  });

  test('a reader that goes away early is no error', () => {
    const { status, stdout, stderr } = shell('patchgen crd | head -n 1');
    expect([status, stdout, stderr]).toEqual([0, 'apiVersion: apiextensions.k8s.io/v1\n', '']);
  });

  test('a reader that is gone before the start is no error, on either stream', () => {
    expect(shell('patchgen crd | true').status).toBe(0);
    expect(shell('patchgen nonsense 2> >(true); sleep 0.1; echo ok').stdout).toBe('ok\n');
  });

  test('no colours leave the process when nobody looks', () => {
    expect(shell('patchgen doctor --no-cluster', { FORCE_COLOR: '1' }).stdout).not.toContain('\u001b');
  });
});
