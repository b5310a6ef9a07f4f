import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PatchIntent } from '../../../src/api/types.ts';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { eventually, isReady, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';

let world: OperatorWorld;
let operator: OperatorProcess;
let namespace: string;
let count = 0;

beforeAll(async () => {
  world = await operatorWorld();
  operator = await world.start();
});
afterAll(async () => world?.stop());
beforeEach(async () => {
  count += 1;
  namespace = `life-${count}`;
  await world.namespace(namespace);
});
afterEach(() => expect(world.statuses.findings).toEqual([]));

const scale = (replicas: number, more: object = {}) => ({
  intentType: 'scaling',
  target: 'web',
  replicas,
  correlationId: 'c-1',
  ...more,
});
const folder = (name: string): string => join(world.packages, namespace, name);
const patchOf = (name: string): string => readFileSync(join(folder(name), 'scaling-patch.yaml'), 'utf8');
const eventsOf = async (name: string): Promise<string[]> => {
  const { body } = await world.plane.request('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
  const { items } = body as { items: { reason: string; regarding: { name: string } }[] };
  return items.filter(({ regarding }) => regarding.name === name).map(({ reason }) => reason);
};

test('an intent becomes a package whose digest a shell can verify, with one status write and one event', async () => {
  const { end } = world.audit();
  await world.apply(`${namespace}/web-5`, scale(5));
  const { status } = await world.ready(`${namespace}/web-5`);
  expect(status?.package).toMatchObject({ path: `${namespace}/web-5`, generation: 1, fileCount: 5 });
  expect(patchOf('web-5')).toContain('replicas: 5');
  const shell = `cd '${realpathSync(folder('web-5'))}' && find . -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum | cut -d' ' -f1`;
  expect(execFileSync('bash', ['-c', shell], { encoding: 'utf8' }).trim()).toBe(status?.package?.digest);
  await eventually('the event', async () => (await eventsOf('web-5')).length > 0);
  expect(await eventsOf('web-5')).toEqual(['PackageWritten']);
  const writes = world
    .audit(end)
    .records.filter(({ objectRef }) => objectRef?.namespace === namespace && objectRef.resource === 'patchintents');
  expect(writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.subresource}`)).toEqual(['update status']);
});

test('kubectl wait and kubectl describe show it', async () => {
  await world.apply(`${namespace}/web-5`, scale(5));
  await world.plane.kubectl(['wait', '-n', namespace, 'pi/web-5', '--for=condition=Ready', '--timeout=60s']);
  await eventually('the event', async () => (await eventsOf('web-5')).length > 0);
  const { stdout } = await world.plane.kubectl(['describe', '-n', namespace, 'pi/web-5']);
  expect(stdout).toContain('PackageWritten');
  const table = (await world.plane.kubectl(['get', 'pi', '-n', namespace])).stdout;
  expect(table).toMatch(/NAME\s+TYPE\s+TARGET\s+CHANGE\s+READY\s+STATUS\s+AGE/);
  expect(table).toMatch(/web-5\s+scaling\s+web\s+replicas → 5\s+True/);
});

test('patchgen_ready says what /readyz says', async () => {
  expect(await operator.metric('patchgen_ready')).toBe((await operator.ready()) ? 1 : 0);
  expect(await operator.metric('patchgen_ready')).toBe(1);
});

test('an update moves the package; every change is one status write', async () => {
  for (const replicas of [1, 2, 3]) {
    await world.apply(`${namespace}/web`, scale(replicas));
    await world.ready(`${namespace}/web`);
    expect(patchOf('web')).toContain(`replicas: ${replicas}`);
  }
  expect(world.statuses.words(`${namespace}/web`)).toEqual([
    'True PackageWritten',
    'True PackageWritten',
    'True PackageWritten',
  ]);
});

test('suspended: the package stays, one write; resumed: it moves on', async () => {
  await world.apply(`${namespace}/web`, scale(1));
  await world.ready(`${namespace}/web`);
  await world.apply(`${namespace}/web`, scale(2, { suspend: true }));
  const suspended = await world.until(`${namespace}/web`, 'is suspended', (it) => readyWords(it) === 'False Suspended');
  expect(suspended.status?.conditions?.some(({ type }) => type === 'Stalled')).toBe(false);
  expect(patchOf('web')).toContain('replicas: 1');
  await world.apply(`${namespace}/web`, scale(2));
  await world.ready(`${namespace}/web`);
  expect(patchOf('web')).toContain('replicas: 2');
});

test('a dry run tells the digest and leaves the disk alone', async () => {
  await world.apply(`${namespace}/try`, scale(4, { dryRun: true }));
  const { status } = await world.ready(`${namespace}/try`);
  expect(status?.plan?.packageDigest).toMatch(/^[0-9a-f]{64}$/);
  expect(status?.package).toBeUndefined();
  expect(existsSync(folder('try'))).toBe(false);
  await world.apply(`${namespace}/try`, scale(4));
  const published = await world.until(
    `${namespace}/try`,
    'is published',
    (it) => readyWords(it) === 'True PackageWritten',
  );
  expect(published.status?.package?.digest).toBe(status?.plan?.packageDigest);
});

test('valid, refused, valid: the last good package stays meanwhile', async () => {
  await world.apply(`${namespace}/web`, scale(1));
  await world.ready(`${namespace}/web`);
  await world.apply(`${namespace}/web`, scale(2, { targetKind: 'DaemonSet' }));
  const refused = await world.until(
    `${namespace}/web`,
    'is refused',
    (it) => readyWords(it) === 'False UnsupportedTargetKind',
  );
  expect(refused.status?.package?.generation).toBe(1);
  expect(patchOf('web')).toContain('replicas: 1');
  await world.apply(`${namespace}/web`, scale(2));
  await world.ready(`${namespace}/web`);
  expect(patchOf('web')).toContain('replicas: 2');
});

test('requestedAt is echoed', async () => {
  await world.apply(`${namespace}/web`, scale(1));
  await world.ready(`${namespace}/web`);
  await world.plane.kubectl(['annotate', '-n', namespace, 'pi/web', 'patchgen.dev/requestedAt=today']);
  const echoes = ({ status }: PatchIntent): boolean => status?.lastHandledReconcileAt !== undefined;
  const { status } = await world.until(`${namespace}/web`, 'echoes', echoes);
  expect(status?.lastHandledReconcileAt).toBe('today');
});

test('a deleted intent takes its package along, and leaves those of others', async () => {
  await world.apply(`${namespace}/a`, scale(1));
  await world.apply(`${namespace}/b`, scale(1));
  await world.ready(`${namespace}/a`);
  await world.ready(`${namespace}/b`);
  await world.remove(`${namespace}/a`);
  await eventually('the package goes', () => !existsSync(folder('a')));
  expect(patchOf('b')).toContain('replicas: 1');
});

test('deleted and re-created under the same name: the new object gets its own package', async () => {
  await world.apply(`${namespace}/web`, scale(1));
  const first = await world.ready(`${namespace}/web`);
  await world.remove(`${namespace}/web`);
  await world.apply(`${namespace}/web`, scale(9));
  const second = await world.ready(`${namespace}/web`);
  expect(second.metadata.uid).not.toBe(first.metadata.uid);
  expect(patchOf('web')).toContain('replicas: 9');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(patchOf('web')).toContain('replicas: 9');
});

test('deleted and re-created as a dry run: the old package goes, since nobody claims it', async () => {
  await world.apply(`${namespace}/web`, scale(1));
  await world.ready(`${namespace}/web`);
  await world.remove(`${namespace}/web`);
  await world.apply(`${namespace}/web`, scale(9, { dryRun: true }));
  await world.ready(`${namespace}/web`);
  await eventually('the old package goes', () => !existsSync(folder('web')));
});

test('300 intents changed at once all end Ready, each with its own package and about one write per change', async () => {
  const names = Array.from({ length: 300 }, (_, i) => `i-${i}`);
  const inParallel = async (job: (name: string, i: number) => Promise<void>): Promise<void> => {
    let next = 0;
    const loop = async (): Promise<void> => {
      for (let i = next++; i < names.length; i = next++) await job(names[i] ?? '', i);
    };
    await Promise.all(Array.from({ length: 12 }, loop));
  };
  await inParallel((name, i) => world.apply(`${namespace}/${name}`, scale(i % 100, { target: `app-${i}` })));
  await eventually('all are Ready', async () => (await world.list(namespace)).filter(isReady).length === 300);
  const { end } = world.audit();
  await inParallel((name, i) => world.apply(`${namespace}/${name}`, scale((i + 1) % 100, { target: `app-${i}` })));
  await eventually('all are Ready again', async () => (await world.list(namespace)).filter(isReady).length === 300);
  expect(readdirSync(join(world.packages, namespace))).toHaveLength(300);
  for (const [i, name] of names.entries()) expect(patchOf(name)).toContain(`replicas: ${(i + 1) % 100}\n`);
  const writes = world.audit(end).records.filter(({ objectRef }) => objectRef?.subresource === 'status');
  expect(writes.filter(({ responseStatus }) => responseStatus?.code === 200)).toHaveLength(300);
  expect(operator.child.exitCode).toBeNull();
});
