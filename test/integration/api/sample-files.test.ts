import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkPolicySpec } from '../../../src/api/policy/check.ts';
import { runCli } from '../../../src/cli/frame.ts';
import { type ControlPlane, startControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { installCrds } from '../../../tools/control-plane/crds.ts';
import { eventually } from '../../support/eventually.ts';
import { recordedIo } from '../../support/io.ts';

// Policies and approvals of config/samples, on a server with all kinds, admission policies and roles for people in force.

const SAMPLES = fileURLToPath(new URL('../../../config/samples/', import.meta.url));
const POLICIES = `${SAMPLES}policies`;
const APPROVAL = `${SAMPLES}approvals/web.yaml`;
const files = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name));

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
  await installCrds(plane, 'crds');
  await plane.kubectl(['apply', '-k', 'config/guards']);
  await plane.kubectl(['apply', '-f', 'config/access/roles.yaml']);
  await plane.kubectl(['apply', '-f', SAMPLES]);
  await plane.kubectl([
    'create',
    'rolebinding',
    'approvers',
    '-n',
    'shop',
    '--clusterrole=patchgen-approver',
    ...USERS,
  ]);
}, 120_000);
afterAll(() => plane?.stop());

const USERS = ['--user=jane', '--user=joe'];

test('kubectl applies the policies, and changes nothing a second time', async () => {
  const { stderr } = await plane.kubectl(['apply', '-f', POLICIES]);
  expect(stderr).toBe('');
  const { stdout } = await plane.kubectl(['apply', '-f', POLICIES]);
  expect(stdout.match(/ unchanged$/gm)).toHaveLength(files(POLICIES).length);
  for (const file of files(POLICIES)) {
    const { spec } = load(readFileSync(file, 'utf8')) as { spec: unknown };
    expect(checkPolicySpec(spec), file).toEqual([]);
  }
});

test.each(files(SAMPLES).filter((file) => !file.endsWith('00-namespace.yaml')))(
  'none of the policies concerns the intent beside them: %s',
  async (intent) => {
    const io = recordedIo();
    const labels = ['--namespace-labels', 'kubernetes.io/metadata.name=shop'];
    const policies = files(POLICIES).flatMap((file) => ['--policy', file]);
    expect(await runCli(['policy', 'test', intent, ...policies, ...labels], io), io.out()).toBe(0);
    expect(io.out().match(/ does not apply: /g)).toHaveLength(files(POLICIES).length);
  },
);

test('the approval is taken from the person whom it names, and from nobody else', async () => {
  const as = (user: string) =>
    plane.kubectl(['create', '--dry-run=server', '-f', APPROVAL, `--as=${user}`], { allowFailure: true });
  await eventually('the API server knows the admission policies', async () => (await as('joe')).code !== 0);
  expect((await as('joe')).stderr).toContain('spec.approver is jane, but you are joe');
  expect((await as('jane')).stdout).toContain('created (server dry run)');
});
