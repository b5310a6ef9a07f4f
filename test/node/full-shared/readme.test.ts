import { cpSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { binaries } from '../../../tools/setup/binaries.mjs';
import { CHECKOUT, readPage } from '../../support/docs/pages.ts';
import { SAMPLES_NAMESPACE } from '../../support/node/samples.ts';
import { type SharedNode, sharedNode } from '../../support/node/shared-node.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { runTool } from '../../support/tool.ts';

// The install section of the README, followed to the letter: what `test/integration/docs.test.ts` cannot run without nodes.

/** The node has the image already, and there is no Docker, kind or registry. */
const BRINGS_THE_IMAGE = /^(docker|kind|ctr|npm) /;

let shared: SharedNode;
beforeAll(async () => {
  shared = await sharedNode();
});
afterAll(async () => {
  const { node } = shared;
  await node.kubectl(['delete', '-k', 'config/default', '--ignore-not-found'], { allowFailure: true });
  await node.kubectl(['delete', 'namespace', SAMPLES_NAMESPACE, '--ignore-not-found']);
});

/** The commands of the section in their order, those of a block under the line of its fence. */
function commands(): readonly string[] {
  const { text, blocks } = readPage('README.md');
  const lineOf = (heading: string): number => text.slice(0, text.indexOf(`\n${heading}\n`)).split('\n').length;
  return blocks
    .filter(({ language, line }) => language === 'console' && line > lineOf('## Install') && line < lineOf('## Status'))
    .flatMap(({ text: block }) => block.split('\n'))
    .flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []))
    .filter((command) => !BRINGS_THE_IMAGE.test(command));
}

test('whoever follows the install section installs, exports, upgrades and removes the operator, with Helm and without', async () => {
  const work = tempFolder();
  for (const name of ['config', 'charts']) cpSync(join(CHECKOUT, name), join(work, name), { recursive: true });
  const tools = Object.values(await binaries(['kubectl', 'helm'])).map((path) => dirname(path));
  const env = {
    PATH: [...tools, process.env.PATH].join(delimiter),
    KUBECONFIG: shared.node.kubeconfig,
    KUBECACHEDIR: tempFolder(),
    HELM_CACHE_HOME: tempFolder(),
    HELM_CONFIG_HOME: tempFolder(),
    HELM_DATA_HOME: tempFolder(),
  };
  const steps = commands();
  expect(steps.length).toBeGreaterThan(12);
  const script = `set -euxo pipefail\n${steps.join('\n')}\n`;
  const { code, stdout, stderr } = await runTool('bash', ['--norc', '-c', script], { cwd: work, env });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^web .* package shop\/web is on disk/m);
  expect(stdout).toContain('scaling-patch.yaml');
  expect(stdout).toContain('release "patchgen" uninstalled');
  expect(stdout).toContain('successfully rolled out');
  const left = await shared.node.kubectl(['get', 'pi', '-n', SAMPLES_NAMESPACE, '-o', 'name']);
  expect(left.stdout.trim().split('\n')).toHaveLength(7);
});
