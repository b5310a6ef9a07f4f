import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageDigest } from '../../../src/kpt/digest.ts';
import type { Call } from '../../../src/kpt/publisher/messages.ts';
import { systemFiles } from '../../../src/platform/files/system-files.ts';
import {
  CLAIM,
  claimedWriter,
  MEMORY,
  packageOf,
  publishCall,
  removeCall,
  residueOf,
  temporaryMount,
  treeOf,
  writerOn,
} from '../../support/package-root.ts';
import { seededRandom } from '../../support/random.ts';
import { afterPowerLoss, apply, directoryNode, recording, type Step, settleAll, type Tree } from './crash-model.ts';

type State = number | 'none';

interface Scene {
  readonly calls: readonly Call[];
  /** Key → content before and after; a reader may see either until the answer, and the later one after it. */
  readonly keys: Readonly<Record<string, readonly [State, State]>>;
  readonly prepare?: (root: string) => void;
  /** The state before was altered by someone, so nothing is promised of it. */
  readonly damaged?: boolean;
}

const SCENES: Readonly<Record<string, Scene>> = {
  create: { calls: [publishCall('fresh/web', 7)], keys: { 'fresh/web': ['none', 7], 'shop/web': [1, 1] } },
  update: { calls: [publishCall('shop/web', 7)], keys: { 'shop/web': [1, 7], 'shop/two': [2, 2] } },
  'update to known content': { calls: [publishCall('shop/web', 2)], keys: { 'shop/web': [1, 2], 'shop/two': [2, 2] } },
  remove: { calls: [removeCall('shop/web')], keys: { 'shop/web': [1, 'none'], 'shop/two': [2, 2] } },
  batch: {
    calls: [
      publishCall('shop/web', 7),
      publishCall('shop/two', 7),
      publishCall('fresh/a', 8),
      publishCall('fresh/b', 9),
      removeCall('shop/three'),
    ],
    keys: {
      'shop/web': [1, 7],
      'shop/two': [2, 7],
      'fresh/a': ['none', 8],
      'fresh/b': ['none', 9],
      'shop/three': [3, 'none'],
    },
  },
  repair: {
    calls: [publishCall('shop/web', 1)],
    keys: { 'shop/web': [1, 1], 'other/web': [1, 1], 'shop/two': [2, 2] },
    damaged: true,
    prepare: (root) => fs.writeFileSync(join(fs.realpathSync(join(root, 'shop/web')), 'mine'), 'mine'),
  },
  takeover: { calls: [CLAIM], keys: { 'shop/web': [1, 1], 'shop/two': [2, 2], 'shop/three': [3, 3] } },
};

const VARIANTS = 12;

const WAYS = ['by the batch alone', 'with a head start'] as const;

it.each(Object.entries(SCENES).flatMap(([name, scene]) => WAYS.map((way) => [name, way, scene] as const)))(
  'after a power loss at any step of a %s, staged %s, each package is the old or the new one, and recovery converges',
  async (name, way, scene) => {
    using mount = temporaryMount(MEMORY);
    const { before, steps } = await record(mount.root, scene, way);
    const random = seededRandom(name.length);
    for (let cut = 0; cut <= steps.length; cut += 1) {
      const model = modelOf(before);
      for (const step of steps.slice(0, cut)) apply(model, mount.root, step);
      for (let variant = 0; variant < VARIANTS; variant += 1) {
        // All that was not synced is lost, all of it was kept, or any part of it.
        const kept = [() => false, () => true][variant] ?? (() => random.fraction() < 0.5);
        const disk = afterPowerLoss(model, kept);
        const place = `${name}, step ${cut} of ${steps.length} (${JSON.stringify(steps[cut - 1])}), variant ${variant}`;
        assertOldOrNew(disk, scene, cut === steps.length, place);
        if (variant === cut % 3) recover(disk, scene, place);
      }
    }
  },
  120_000,
);

it('what a new leader found after a kill between link and sync outlives a power loss once its claim was answered', () => {
  using mount = temporaryMount(MEMORY);
  claimedWriter(mount.root).publish('shop/web', 1);
  const steps: Step[] = [];
  const files = recording(systemFiles(), steps);
  const dying = claimedWriter(mount.root, { files, reach: dieAt('before-sync') });
  const before = readTree(mount.root);
  steps.length = 0;
  dying.run(publishCall('shop/web', 7), publishCall('fresh/web', 8));
  writerOn(mount.root, { files }).value(CLAIM);
  const model = modelOf(before);
  for (const step of steps) apply(model, mount.root, step);
  const scene: Scene = { calls: [], keys: { 'shop/web': [1, 7], 'fresh/web': ['none', 8] } };
  assertOldOrNew(
    afterPowerLoss(model, () => false),
    scene,
    true,
    'after the claim',
  );
});

/** Ends the run of a batch like a kill does: nothing after the point happens. */
function dieAt(point: string): (reached: string) => void {
  return (reached) => {
    if (reached === point) throw new Error('killed');
  };
}

async function record(
  root: string,
  scene: Scene,
  way: (typeof WAYS)[number],
): Promise<{ readonly before: Tree; readonly steps: readonly Step[] }> {
  const setUp = claimedWriter(root);
  setUp.run(
    publishCall('shop/web', 1),
    publishCall('shop/two', 2),
    publishCall('shop/three', 3),
    publishCall('other/web', 1),
  );
  scene.prepare?.(root);
  const steps: Step[] = [];
  const first = claimedWriter(root, { files: recording(systemFiles(), steps) });
  steps.length = 0;
  const before = readTree(root);
  const writer = scene.calls.includes(CLAIM) ? writerOn(root, { files: recording(systemFiles(), steps) }) : first;
  if (way === 'with a head start') await writer.writer.prepare(scene.calls);
  const answers = writer.run(...scene.calls);
  expect(answers.every((answer) => answer.ok)).toBe(true);
  expect(steps.length).toBeGreaterThan(3);
  return { before, steps };
}

function assertOldOrNew(disk: Tree, scene: Scene, answered: boolean, place: string): void {
  for (const [key, [old, present]] of Object.entries(scene.keys)) {
    const seen = seenAt(disk, key);
    const allowed = answered ? [present] : [old, present];
    const promised = allowed.map((state) => (state === 'none' ? 'none' : packageOf(state).digest));
    if (scene.damaged && !answered) promised.push('altered');
    expect(promised, `${key}: ${place}`).toContain(seen);
  }
}

/** What a reader sees that resolves the link once: `none`, the digest of a whole package, or `altered`. */
function seenAt(disk: Tree, key: string): string {
  const [namespace = '', intent = ''] = key.split('/');
  const directory = disk.get(namespace);
  const link = directory instanceof Map ? directory.get(intent) : undefined;
  if (typeof link !== 'string') return 'none';
  const entry = link.split('/').at(-1) ?? '';
  const meta = disk.get('.patchgen');
  const store = meta instanceof Map ? meta.get('store') : undefined;
  const tree = store instanceof Map ? store.get(entry) : undefined;
  if (!(tree instanceof Map)) return 'dangling';
  const digest = packageDigest([...tree].map(([path, content]) => ({ path, content: String(content) })));
  return entry.startsWith(digest) ? digest : 'altered';
}

/** Puts the disk of the model on the real one and lets a new leader do what was asked. */
function recover(disk: Tree, scene: Scene, place: string): void {
  using mount = temporaryMount(MEMORY);
  writeTree(mount.root, disk);
  const writer = claimedWriter(mount.root);
  for (const call of scene.calls) if (call.name !== 'claim') writer.value(call);
  const ends = Object.entries(scene.keys);
  for (const [key, [, present]] of ends) if (present !== 'none') writer.publish(key, present);
  const end = readTree(mount.root);
  for (const [key, [, present]] of ends) {
    expect(seenAt(end, key), `recovered ${key}: ${place}`).toBe(
      present === 'none' ? 'none' : packageOf(present).digest,
    );
  }
  writer.value({ id: 0, name: 'sweep', argument: 0 });
  expect(residueOf(mount.root), place).toEqual([]);
  const used = new Set(
    treeOf(mount.root)
      .filter((name) => isLink(mount.root, name))
      .map((name) => fs.readlinkSync(join(mount.root, name)).split('/').at(-1)),
  );
  expect(new Set(fs.readdirSync(join(mount.root, '.patchgen/store'))), place).toEqual(used);
}

function isLink(root: string, name: string): boolean {
  return fs.lstatSync(join(root, name)).isSymbolicLink();
}

function readTree(path: string): Tree {
  const tree: Tree = new Map();
  for (const entry of fs.readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) tree.set(entry.name, readTree(child));
    else if (entry.isSymbolicLink()) tree.set(entry.name, `→ ${fs.readlinkSync(child)}`);
    else tree.set(entry.name, fs.readFileSync(child, 'utf8'));
  }
  return tree;
}

function writeTree(path: string, tree: Tree): void {
  fs.mkdirSync(path, { mode: 0o755 });
  for (const [name, node] of tree) {
    const child = join(path, name);
    if (typeof node !== 'string') writeTree(child, node);
    else if (node.startsWith('→ ')) fs.symlinkSync(node.slice(2), child);
    else fs.writeFileSync(child, node, { mode: 0o644 });
  }
}

function modelOf(tree: Tree): ReturnType<typeof directoryNode> {
  const node = directoryNode();
  for (const [name, child] of tree) {
    if (typeof child !== 'string') node.entries.set(name, modelOf(child));
    else if (child.startsWith('→ ')) node.entries.set(name, { kind: 'link', target: child.slice(2) });
    else node.entries.set(name, { kind: 'file', content: child, durable: child });
  }
  settleAll(node);
  return node;
}
