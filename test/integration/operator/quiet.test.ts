import { appendFileSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { eventually, type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';

let world: OperatorWorld;
let operator: OperatorProcess;
const RESYNC_MS = 2_000;

beforeAll(async () => {
  world = await operatorWorld();
  operator = await world.start({ flags: ['--resync-interval', `${RESYNC_MS}ms`] });
  await world.namespace('quiet');
  for (let i = 0; i < 20; i += 1)
    await world.apply(`quiet/i-${i}`, { intentType: 'scaling', target: `app-${i}`, replicas: i, correlationId: 'c' });
  await world.apply('quiet/bad', { intentType: 'scaling', target: 'web', replicas: 1, targetKind: 'DaemonSet' });
  await world.apply('quiet/still', { intentType: 'scaling', target: 'web', replicas: 1, suspend: true });
  await world.apply('quiet/dry', { intentType: 'scaling', target: 'web', replicas: 1, dryRun: true });
  for (let i = 0; i < 20; i += 1) await world.ready(`quiet/i-${i}`);
  await world.ready('quiet/dry');
});
afterAll(async () => world?.stop());

/** Every entry below the root with what a write would change. Access times do not count. */
function fingerprint(): readonly string[] {
  return readdirSync(world.packages, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((path) => {
      const { ino, size, mode, mtimeMs, ctimeMs } = lstatSync(join(world.packages, path));
      return [path, ino, size, mode, mtimeMs, ctimeMs].join(' ');
    });
}

const runs = async (): Promise<number> =>
  (await operator.metric('controller_runtime_reconcile_total{controller="patchintent",result="success"}')) ?? 0;

test('over two resyncs nothing is written: neither to the API server (the Lease aside) nor to disk', async () => {
  await new Promise((resolve) => setTimeout(resolve, RESYNC_MS));
  const before = fingerprint();
  const { end } = world.audit();
  const runsBefore = await runs();
  // 23 intents, each once per interval: three times as many runs are at least two whole resyncs.
  await eventually('two resyncs', async () => (await runs()) - runsBefore >= 23 * 3);
  expect(fingerprint()).toEqual(before);
  const writes = world.audit(end).records.filter(({ objectRef }) => objectRef?.resource !== 'leases');
  expect(writes).toEqual([]);
  expect(world.statuses.findings).toEqual([]);
});

const warnings = async (name: string): Promise<readonly string[]> => {
  const { body } = await world.plane.request('GET', '/apis/events.k8s.io/v1/namespaces/quiet/events');
  const { items } = body as { items: { reason: string; type: string; regarding: { name: string } }[] };
  return items
    .filter(({ type, regarding }) => type === 'Warning' && regarding.name === name)
    .map(({ reason }) => reason);
};

test.each([
  ['edited', (folder: string) => appendFileSync(join(folder, 'scaling-patch.yaml'), '# edited\n'), 'i-1'],
  ['lacking a file', (folder: string) => rmSync(join(folder, 'Kptfile')), 'i-2'],
  ['removed', (folder: string) => rmSync(folder), 'i-3'],
])(
  'a package that was %s is restored at the resync, told by one Warning Event and no status write',
  async (_, damage, name) => {
    const { status } = await world.ready(`quiet/${name}`);
    const folder = join(world.packages, 'quiet', name);
    const { end } = world.audit();
    damage(folder);
    await eventually('the event', async () => (await warnings(name)).length > 0);
    const { stdout } = await verify(folder);
    expect(stdout).toContain(status?.package?.digest ?? 'no digest');
    await new Promise((resolve) => setTimeout(resolve, 2 * RESYNC_MS));
    expect(await warnings(name)).toEqual(['PackageRestored']);
    expect(world.audit(end).records.filter(({ objectRef }) => objectRef?.subresource === 'status')).toEqual([]);
  },
);

async function verify(folder: string): Promise<{ stdout: string }> {
  const { execFileSync } = await import('node:child_process');
  const shell = `cd '${folder}/' && find . -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum`;
  return { stdout: execFileSync('bash', ['-c', shell], { encoding: 'utf8' }) };
}
