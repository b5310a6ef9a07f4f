import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startOperatorProcess } from '../../../tools/operator-process.ts';
import { at, only, renderChart } from '../../support/helm.ts';
import { sharedControlPlane } from '../../support/shared-control-plane.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { runTool, type ToolResult } from '../../support/tool.ts';

// The program of the pod that `helm test` starts, as the chart renders it. test/node runs the pod.

async function helmTest(url: string, seconds: string): Promise<ToolResult> {
  const container = at(only(await renderChart(), 'Pod'), 'spec.containers.0');
  expect(at(container, 'command')).toEqual(['/nodejs/bin/node', '-e']);
  const [script = ''] = at(container, 'args') as readonly string[];
  return runTool(process.execPath, ['-e', script, url, seconds]);
}

/** Where something answers that is no ready operator. */
async function answering(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

test('helm test passes with a ready operator', async () => {
  const { kubeconfig } = await sharedControlPlane();
  const flags = ['--leader-elect=false', '--watch-namespaces=nobody-is-here'];
  const operator = await startOperatorProcess({ kubeconfig, outputDir: tempFolder(), flags });
  onTestFinished(async () => void (await operator.stop()));
  const { code, stdout, stderr } = await helmTest(operator.metricsUrl, '60');
  expect(stderr).toBe('');
  expect(stdout).toContain('The operator is ready and serves its metrics.');
  expect(stdout).toMatch(/^patchgen_build_info\{/m);
  expect(code).toBe(0);
});

const BUILD = 'patchgen_build_info{version="0"} 1\n';

test.each([
  ['an operator that is not ready', 200, `${BUILD}patchgen_ready 0\n`, 'the operator is not ready'],
  ['something else', 200, 'up 1\n', 'shows no metrics of patchgen'],
  ['an error', 503, '', 'answers 503'],
] as const)('helm test fails with %s', async (_, status, body, says) => {
  const { code, stdout } = await helmTest(await answering(status, body), '0');
  expect(stdout).toContain(says);
  expect(code).toBe(1);
});

test('helm test fails where nobody answers, and says why', async () => {
  const { code, stdout } = await helmTest('http://127.0.0.1:1/metrics', '0');
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:1\/metrics: .+/);
  expect(code).toBe(1);
});
