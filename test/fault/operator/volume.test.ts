import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PatchIntent } from '../../../src/api/types.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { type Mounted, onTmpfs, whyNoMounts } from '../../support/mounted.ts';
import { eventsIn, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import { treeOf } from '../../support/tree.ts';

const cannotMount = whyNoMounts();
if (cannotMount !== undefined) console.warn(`skipped: volumes of their own (${cannotMount})`);

let world: OperatorWorld;
let namespace: string;
let count = 0;
beforeAll(async () => {
  world = await operatorWorld();
});
afterAll(async () => world?.stop());
beforeEach(async () => {
  count += 1;
  namespace = `volume-${count}`;
  await world.namespace(namespace);
});
afterEach(() => expect(world.statuses.findings).toEqual([]));

const flags = (): string[] => [...PATIENT_LEASE, '--watch-namespaces', namespace, '--leader-election-id', namespace];

const mounted = (options: string, more: readonly string[] = []): Promise<Mounted> =>
  onTmpfs(world, options, [...flags(), ...more]);

const messageOf = ({ status }: PatchIntent): string =>
  status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';

test.skipIf(cannotMount !== undefined)(
  'a full volume: StorageFull says so, the last good package stays, and all recovers without help',
  async () => {
    const { operator, seen } = await mounted('size=2m', ['--min-free-space', '64Ki']);
    await readyIntents(world, namespace, ['a', 'b']);
    const before = treeOf(join(seen, 'packages', namespace));
    const filler = join(seen, 'filler');
    execFileSync('sh', ['-c', `head -c 10000000 /dev/zero > '${filler}' || true`], { stdio: 'pipe' });
    await world.apply(`${namespace}/a`, scale('a', 50));
    const full = await world.until(`${namespace}/a`, 'is told', (it) => readyWords(it) === 'False StorageFull');
    expect(messageOf(full)).toContain('insufficient disk space');
    expect(full.status?.package?.generation).toBe(1);
    expect(treeOf(join(seen, 'packages', namespace))).toEqual(before);
    // Work that needs no room goes on: refusals, dry runs, suspensions.
    await world.apply(`${namespace}/dry`, { ...scale('dry', 1), dryRun: true });
    await world.until(`${namespace}/dry`, 'is done', (it) => readyWords(it) === 'True DryRun');
    await eventually('it is not ready', async () => !(await operator.ready()));
    expect((await fetch(`${operator.probes}/healthz`)).status).toBe(200);
    execFileSync('rm', [filler]);
    await world.ready(`${namespace}/a`);
    expect(readFileSync(join(seen, 'packages', namespace, 'a/scaling-patch.yaml'), 'utf8')).toContain('replicas: 50');
    await operator.untilReady();
    const told = (await eventsIn(world.plane, namespace)).filter(({ reason }) => reason === 'StorageFull');
    expect(told).toHaveLength(1);
    expect(await operator.stop()).toBe(0);
  },
);

test.skipIf(cannotMount !== undefined)(
  'a volume that turns read-only: StorageReadOnly, not ready, alive; writable again it goes on',
  async () => {
    const { operator, seen, inside } = await mounted('size=8m');
    await readyIntents(world, namespace, ['a', 'b']);
    const before = treeOf(join(seen, 'packages', namespace));
    inside('mount', '-o', 'remount,ro');
    await world.apply(`${namespace}/a`, scale('a', 50));
    await world.until(`${namespace}/a`, 'is told', (it) => readyWords(it) === 'False StorageReadOnly');
    await eventually('it is not ready', async () => !(await operator.ready()));
    expect(await (await fetch(`${operator.probes}/readyz?verbose`)).text()).toContain('read-only');
    expect((await fetch(`${operator.probes}/healthz`)).status).toBe(200);
    expect(treeOf(join(seen, 'packages', namespace))).toEqual(before);
    inside('mount', '-o', 'remount,rw');
    await world.ready(`${namespace}/a`);
    await operator.untilReady();
    expect(await operator.stop()).toBe(0);
  },
);

test('a foreign directory at a stable name is left as it is and told; others are not affected; moved away, the package comes', async () => {
  const outputDir = world.volume();
  const foreign = join(outputDir, 'packages', namespace, 'web');
  mkdirSync(foreign, { recursive: true });
  writeFileSync(join(foreign, 'precious.txt'), 'keep me');
  const operator = await world.start({ outputDir, flags: [...flags(), '--resync-interval', '1s'] });
  await world.apply(`${namespace}/web`, scale('web', 1));
  await readyIntents(world, namespace, ['other']);
  const told = await world.until(`${namespace}/web`, 'is told', (it) => readyWords(it) === 'False UnsafePath');
  expect(told.status?.conditions?.some(({ type }) => type === 'Stalled')).toBe(false);
  expect(readFileSync(join(foreign, 'precious.txt'), 'utf8')).toBe('keep me');
  await world.remove(`${namespace}/web`);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(readFileSync(join(foreign, 'precious.txt'), 'utf8')).toBe('keep me');
  await world.apply(`${namespace}/web`, scale('web', 1));
  await world.until(`${namespace}/web`, 'is told', (it) => readyWords(it) === 'False UnsafePath');
  execFileSync('mv', [foreign, join(outputDir, 'moved')]);
  await world.ready(`${namespace}/web`);
  expect(readlinkSync(foreign)).toContain('.patchgen/store/');
  expect(await operator.stop()).toBe(0);
});

test('a start with garbage under the root: own leftovers go, foreign things are reported and left, and intents are served', async () => {
  const outputDir = world.volume();
  const at = (...parts: string[]): string => join(outputDir, 'packages', ...parts);
  const first = await world.start({ outputDir, flags: flags() });
  await readyIntents(world, namespace, ['a', 'b']);
  expect(await first.stop()).toBe(0);
  mkdirSync(at('.patchgen/staging/1/half-staged/deep'), { recursive: true });
  writeFileSync(at('.patchgen/staging/1/half-staged/deep/Kptfile'), '');
  writeFileSync(at('.patchgen/store/unknown.txt'), 'unknown');
  writeFileSync(at('foreign.txt'), 'foreign');
  writeFileSync(at(namespace, 'zero-byte'), '');
  mkdirSync(at('not a namespace'));
  symlinkSync('../../elsewhere', at(namespace, 'foreign-link'));
  const dangling = `../.patchgen/store/${'0'.repeat(64)}.1`;
  symlinkSync(dangling, at(namespace, 'dangling'));
  const operator = await world.start({ outputDir, flags: flags() });
  await readyIntents(world, namespace, ['a', 'b', 'c']);
  const reported = operator.log.find(({ msg }) => msg.startsWith('foreign things'));
  expect(JSON.stringify(reported?.paths)).toMatch(/foreign\.txt/);
  expect(readFileSync(at('foreign.txt'), 'utf8')).toBe('foreign');
  expect(readFileSync(at(namespace, 'zero-byte'), 'utf8')).toBe('');
  expect(readlinkSync(at(namespace, 'foreign-link'))).toBe('../../elsewhere');
  expect(readFileSync(at('.patchgen/store/unknown.txt'), 'utf8')).toBe('unknown');
  expect(existsSync(at('not a namespace'))).toBe(true);
  expect(existsSync(at('.patchgen/staging/1'))).toBe(false);
  await world.apply(`${namespace}/dangling`, scale('dangling', 1));
  await world.ready(`${namespace}/dangling`);
  expect(readlinkSync(at(namespace, 'dangling'))).not.toBe(dangling);
  expect(await operator.stop()).toBe(0);
});
