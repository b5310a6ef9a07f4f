import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../../../src/kpt/publisher/messages.ts';
import {
  CLAIM,
  claimedWriter,
  MEMORY,
  packageOf,
  publishCall,
  removeCall,
  requestOf,
  residueOf,
  temporaryMount,
  treeOf,
  writerOn,
} from '../../../support/package-root.ts';

const SWEEP = (graceMs: number): Call => ({ id: 0, name: 'sweep', argument: graceMs });
const LOOKUP = (key: string): Call => ({ ...removeCall(key), name: 'lookup' }) as Call;
const INVENTORY: Call = { id: 0, name: 'inventory', argument: undefined };
const entryOf = (root: string, key: string): string => fs.readlinkSync(join(root, key)).split('/').at(-1) ?? '';

describe('publish', () => {
  it('leads the stable name to a tree whose digest a shell can compute', () => {
    using mount = temporaryMount(MEMORY);
    const { publish } = claimedWriter(mount.root);
    const { entry, outcome } = publish('shop/web', 5);
    const command = 'cd "$0" && find . -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum';
    const sum = execFileSync('sh', ['-c', command, fs.realpathSync(join(mount.root, 'shop/web'))], {
      encoding: 'utf8',
    });
    expect(outcome).toBe('written');
    expect(entry).toBe(`${sum.slice(0, 64)}.1`);
    expect(fs.readlinkSync(join(mount.root, 'shop/web'))).toBe(`../.patchgen/store/${entry}`);
    expect(residueOf(mount.root)).toEqual([]);
  });

  it('writes nothing at all for what is there already', () => {
    using mount = temporaryMount(MEMORY);
    const { publish } = claimedWriter(mount.root);
    publish('shop/web', 5);
    const before = changeTimes(mount.root);
    expect(publish('shop/web', 5).outcome).toBe('unchanged');
    expect(changeTimes(mount.root)).toEqual(before);
  });

  it('lets two intents share one entry, and the removal of one leaves the other whole', () => {
    using mount = temporaryMount(MEMORY);
    const writer = claimedWriter(mount.root);
    const first = writer.publish('shop/one', 5);
    expect(writer.publish('shop/two', 5)).toEqual({
      outcome: 'written',
      previousDigest: undefined,
      entry: first.entry,
    });
    expect(writer.value(removeCall('shop/one'))).toBe(true);
    expect(writer.value(SWEEP(0))).toEqual({ removed: 0, pending: 0 });
    expect(fs.readdirSync(join(mount.root, 'shop/two'))).toHaveLength(5);
    expect(writer.publish('shop/two', 5).outcome).toBe('unchanged');
  });

  it('carries on a batch when one of it fails', () => {
    using mount = temporaryMount(MEMORY);
    const { run } = claimedWriter(mount.root);
    fs.mkdirSync(join(mount.root, 'shop'));
    fs.writeFileSync(join(mount.root, 'shop/bad'), 'mine');
    const answers = run(
      publishCall('shop/one', 1),
      publishCall('shop/bad', 2),
      publishCall('shop/two', 1),
      removeCall('shop/none'),
    );
    expect(answers.map((answer) => (answer.ok ? 'ok' : answer.failure.reason))).toEqual([
      'ok',
      'UnsafePath',
      'ok',
      'ok',
    ]);
    expect(fs.readFileSync(join(mount.root, 'shop/bad'), 'utf8')).toBe('mine');
    expect(entryOf(mount.root, 'shop/one')).toBe(entryOf(mount.root, 'shop/two'));
  });

  it('takes calls for one key in their order, also within a batch', () => {
    using mount = temporaryMount(MEMORY);
    const { run } = claimedWriter(mount.root);
    run(publishCall('shop/web', 1), removeCall('shop/web'), publishCall('shop/web', 2), publishCall('shop/web', 3));
    expect(entryOf(mount.root, 'shop/web')).toBe(`${packageOf(3).digest}.1`);
  });

  it('refuses names that lead out of the root', () => {
    using mount = temporaryMount(MEMORY);
    const writer = claimedWriter(mount.root);
    const before = treeOf(mount.path);
    for (const [namespace, intent] of [
      ['..', 'x'],
      ['shop', '..'],
      ['shop', 'a/../../b'],
      ['.patchgen', 'store'],
      ['shop', 'a\0b'],
      ['', 'x'],
      ['shop', ''],
    ] as const) {
      const argument = { ...requestOf('a/b', 1), namespace, intent };
      expect(writer.reason({ id: 0, name: 'publish', argument })).toBe('InvalidPath');
      expect(writer.reason({ id: 0, name: 'remove', argument: { namespace, intent } })).toBe('InvalidPath');
    }
    for (const path of ['../x', '..', 'a/b', '/etc/x', '']) {
      const content = { ...packageOf(1), files: [{ path, content: 'x' }] };
      expect(writer.reason({ id: 0, name: 'publish', argument: { ...requestOf('a/b', 1), package: content } })).toBe(
        'InvalidPath',
      );
    }
    expect(treeOf(mount.path)).toEqual(before);
  });

  it('publishes intents with names of 253 bytes, with their records', () => {
    using mount = temporaryMount(MEMORY);
    const { publish, notes } = claimedWriter(mount.root);
    const intent = `a${'.b'.repeat(126)}`;
    expect(intent).toHaveLength(253);
    publish(`shop/${intent}`, 1);
    expect(fs.readdirSync(join(mount.root, 'shop'))).toEqual([intent]);
    expect(fs.readdirSync(join(mount.root, '.patchgen/records/shop'))).toHaveLength(1);
    expect(notes).toEqual([]);
  });

  it('rewrites the record when who asked has changed, and nothing else', () => {
    using mount = temporaryMount(MEMORY);
    const writer = claimedWriter(mount.root);
    writer.publish('shop/web', 5);
    const argument = { ...requestOf('shop/web', 5), record: { uid: 'another', generation: 7 } };
    expect(writer.value({ id: 0, name: 'publish', argument })).toMatchObject({ outcome: 'unchanged' });
    const record: unknown = JSON.parse(fs.readFileSync(join(mount.root, '.patchgen/records/shop/web.json'), 'utf8'));
    expect(record).toEqual({ namespace: 'shop', intent: 'web', uid: 'another', generation: 7 });
  });

  it('refuses with the bytes there are and the bytes it needs when the volume is too full', () => {
    using mount = temporaryMount(MEMORY);
    const { run } = claimedWriter(mount.root, { minFreeBytes: Number.MAX_SAFE_INTEGER / 2 });
    const [answer] = run(publishCall('shop/web', 1));
    expect(answer).toMatchObject({ ok: false, failure: { reason: 'StorageFull', class: 'Transient' } });
    expect(answer?.ok === false && answer.failure.message).toMatch(
      /insufficient disk space: .*; \d+ bytes available, \d+ bytes needed/,
    );
    expect(residueOf(mount.root)).toEqual([]);
  });
});

describe('foreign things', () => {
  const foreign: Record<string, (place: string) => void> = {
    file: (place) => fs.writeFileSync(place, 'mine'),
    directory: (place) => fs.mkdirSync(place),
    'link elsewhere': (place) => fs.symlinkSync('/etc', place),
    'dangling link': (place) => fs.symlinkSync('../nowhere', place),
    'link out of the store': (place) => fs.symlinkSync('../.patchgen/store/../../../etc', place),
    fifo: (place) => void execFileSync('mkfifo', [place]),
  };
  it.each(Object.keys(foreign))('a %s at the stable name is left as it is', (kind) => {
    using mount = temporaryMount(MEMORY);
    const writer = claimedWriter(mount.root);
    fs.mkdirSync(join(mount.root, 'shop'));
    foreign[kind]?.(join(mount.root, 'shop/web'));
    const before = identityOf(join(mount.root, 'shop/web'));
    expect(writer.reason(publishCall('shop/web', 1))).toBe('UnsafePath');
    expect(writer.reason(removeCall('shop/web'))).toBe('UnsafePath');
    expect(writer.value(LOOKUP('shop/web'))).toBeUndefined();
    expect(writer.value(INVENTORY)).toEqual({ packages: [], foreign: ['shop/web'] });
    expect(identityOf(join(mount.root, 'shop/web'))).toEqual(before);
  });

  it.each(['file', 'link elsewhere'])('a %s in place of a namespace is left as it is', (kind) => {
    using mount = temporaryMount(MEMORY);
    const writer = claimedWriter(mount.root);
    foreign[kind]?.(join(mount.root, 'shop'));
    expect(writer.reason(publishCall('shop/web', 1))).toBe('UnsafePath');
    expect(writer.value(INVENTORY)).toEqual({ packages: [], foreign: ['shop'] });
  });
});

describe('repair', () => {
  const damage: Record<string, (tree: string) => void> = {
    'changed file': (tree) => fs.appendFileSync(join(tree, 'Kptfile'), 'x'),
    'missing file': (tree) => fs.rmSync(join(tree, 'Kptfile')),
    'extra file': (tree) => fs.writeFileSync(join(tree, 'mine.txt'), 'mine'),
    'extra directory': (tree) => fs.mkdirSync(join(tree, 'mine')),
    'wrong file mode': (tree) => fs.chmodSync(join(tree, 'Kptfile'), 0o600),
    'wrong directory mode': (tree) => fs.chmodSync(tree, 0o700),
    'hard link': (tree) => fs.linkSync(join(tree, 'Kptfile'), join(tree, '../hard')),
    'file replaced by a link': (tree) => replaced(join(tree, 'Kptfile'), (path) => fs.symlinkSync('/etc/passwd', path)),
    'file replaced by a fifo': (tree) => replaced(join(tree, 'Kptfile'), (path) => void execFileSync('mkfifo', [path])),
  };
  it.each(Object.keys(damage))('a tree with a %s is replaced for all its intents, and kept aside', (kind) => {
    using mount = temporaryMount(MEMORY);
    const writer = claimedWriter(mount.root);
    const { entry } = writer.publish('shop/one', 5);
    writer.publish('other/two', 5);
    damage[kind]?.(join(mount.root, '.patchgen/store', entry));
    expect(writer.publish('shop/one', 5).outcome).toBe('restored');
    expect([entryOf(mount.root, 'shop/one'), entryOf(mount.root, 'other/two')]).toEqual([
      `${packageOf(5).digest}.2`,
      `${packageOf(5).digest}.2`,
    ]);
    expect(writer.publish('other/two', 5).outcome).toBe('restored');
    expect([writer.publish('shop/one', 5).outcome, writer.publish('other/two', 5).outcome]).toEqual([
      'unchanged',
      'unchanged',
    ]);
    const [kept = ''] = fs.readdirSync(join(mount.root, '.patchgen/quarantine'));
    expect(kept).toContain(entry);
    if (kind === 'extra file')
      expect(fs.readFileSync(join(mount.root, '.patchgen/quarantine', kept, 'mine.txt'), 'utf8')).toBe('mine');
  });

  it('notices damage by the stat of files after a full hash, without hashing again', () => {
    using mount = temporaryMount(MEMORY);
    const first = claimedWriter(mount.root);
    const { entry } = first.publish('shop/web', 5);
    const past = new Date(Date.now() - 60_000);
    const file = join(mount.root, '.patchgen/store', entry, 'Kptfile');
    first.publish('shop/web', 5);
    const bytes = fs.readFileSync(file);
    fs.writeFileSync(
      file,
      bytes.map((byte) => byte ^ 1),
    );
    fs.utimesSync(file, past, past);
    expect(first.publish('shop/web', 5).outcome).toBe('restored');
  });

  it('group bits that fsGroup adds to a volume are no damage', () => {
    using mount = temporaryMount(MEMORY);
    const writer = claimedWriter(mount.root);
    const { entry } = writer.publish('shop/web', 5);
    const tree = join(mount.root, '.patchgen/store', entry);
    fs.chmodSync(tree, 0o2775);
    for (const name of fs.readdirSync(tree)) fs.chmodSync(join(tree, name), 0o664);
    expect(writer.publish('shop/web', 5).outcome).toBe('unchanged');
  });

  it('a removed tree, a removed link and a retargeted link are restored', () => {
    using mount = temporaryMount(MEMORY);
    const writer = claimedWriter(mount.root);
    const { entry } = writer.publish('shop/web', 5);
    const other = writer.publish('shop/other', 6).entry;
    fs.rmSync(join(mount.root, '.patchgen/store', entry), { recursive: true });
    expect(writer.value(LOOKUP('shop/web'))).toBeUndefined();
    expect(writer.publish('shop/web', 5)).toMatchObject({ outcome: 'restored', entry: `${packageOf(5).digest}.2` });
    fs.rmSync(join(mount.root, 'shop/web'));
    expect(writer.publish('shop/web', 5).outcome).toBe('restored');
    fs.rmSync(join(mount.root, 'shop/web'));
    fs.symlinkSync(`../.patchgen/store/${other}`, join(mount.root, 'shop/web'));
    expect(writer.publish('shop/web', 5).outcome).toBe('restored');
    expect(writer.publish('shop/other', 6).outcome).toBe('unchanged');
  });

  it('an altered tree that two links of one batch lead to goes to quarantine once', () => {
    using mount = temporaryMount();
    const writer = claimedWriter(mount.root);
    const both = [publishCall('shop/a', 1), publishCall('shop/b', 1)];
    writer.run(...both);
    fs.writeFileSync(join(fs.realpathSync(join(mount.root, 'shop/a')), 'mine.txt'), 'mine');
    expect(writer.run(...both)).toMatchObject([{ value: { outcome: 'restored' } }, { value: { outcome: 'restored' } }]);
    expect(writer.notes.map(({ message }) => message)).toEqual(['altered package kept in quarantine']);
  });

  it('quarantine is bounded, and what goes is told', () => {
    using mount = temporaryMount(MEMORY);
    const writer = claimedWriter(mount.root);
    for (let round = 0; round < 105; round += 1) {
      const { entry } = writer.publish('shop/web', 5);
      fs.writeFileSync(join(mount.root, '.patchgen/store', entry, 'extra'), '');
    }
    expect(fs.readdirSync(join(mount.root, '.patchgen/quarantine'))).toHaveLength(100);
    expect(writer.notes.filter(({ message }) => message.startsWith('quarantine is full'))).toHaveLength(4);
  });
});

describe('claim', () => {
  it('tells which links lead to damaged trees, and restores none', () => {
    using mount = temporaryMount(MEMORY);
    const first = claimedWriter(mount.root);
    const { entry } = first.publish('shop/web', 5);
    first.publish('shop/two', 6);
    fs.appendFileSync(join(mount.root, '.patchgen/store', entry, 'README.md'), 'x');
    const second = writerOn(mount.root);
    expect(second.value(CLAIM)).toMatchObject({ epoch: 2, tampered: [{ namespace: 'shop', intent: 'web' }] });
    expect(entryOf(mount.root, 'shop/web')).toBe(entry);
    expect(second.publish('shop/web', 5).outcome).toBe('restored');
  });

  it('ends lower epochs with all that is in them, but keeps altered trees that were on their way to quarantine', () => {
    using mount = temporaryMount(MEMORY);
    claimedWriter(mount.root);
    const old = join(mount.root, '.patchgen/staging/1');
    fs.mkdirSync(join(old, 'half/staged'), { recursive: true });
    fs.writeFileSync(join(old, 'half/staged/file'), 'x');
    fs.mkdirSync(join(old, 'altered-kept'));
    fs.writeFileSync(join(old, 'altered-kept/mine'), 'mine');
    expect(writerOn(mount.root).value(CLAIM)).toMatchObject({ epoch: 2 });
    expect(fs.readdirSync(join(mount.root, '.patchgen/staging'))).toEqual(['2']);
    expect(fs.readFileSync(join(mount.root, '.patchgen/quarantine/kept/mine'), 'utf8')).toBe('mine');
  });

  it('does nothing before it, and nothing after another one', () => {
    using mount = temporaryMount(MEMORY);
    const old = writerOn(mount.root);
    expect(old.reason(publishCall('shop/web', 1))).toBe('LeadershipLost');
    old.value(CLAIM);
    claimedWriter(mount.root);
    for (const call of [publishCall('shop/web', 1), SWEEP(0), CLAIM]) expect(old.reason(call)).toBe('LeadershipLost');
    expect(fs.existsSync(join(mount.root, 'shop'))).toBe(false);
  });
});

describe('sweep', () => {
  it('removes what nothing has used for the grace since this writer first saw it, whatever the file times', () => {
    using mount = temporaryMount(MEMORY);
    let now = 0;
    const monotonic = (): number => now;
    const first = claimedWriter(mount.root, { monotonic });
    const { entry } = first.publish('shop/web', 1);
    first.publish('shop/web', 2);
    fs.utimesSync(join(mount.root, '.patchgen/store', entry), 0, 0);
    expect(first.value(SWEEP(1000))).toEqual({ removed: 0, pending: 1 });
    now = 999;
    const second = claimedWriter(mount.root, { monotonic });
    expect(second.value(SWEEP(1000))).toEqual({ removed: 0, pending: 1 });
    now = 1998;
    expect(second.value(SWEEP(1000))).toEqual({ removed: 0, pending: 1 });
    now = 1999;
    expect(second.value(SWEEP(1000))).toEqual({ removed: 1, pending: 0 });
    expect(fs.readdirSync(join(mount.root, '.patchgen/store'))).toEqual([`${packageOf(2).digest}.1`]);
  });

  it('an entry that was used in between starts its grace anew', () => {
    using mount = temporaryMount(MEMORY);
    let now = 0;
    const writer = claimedWriter(mount.root, { monotonic: () => now });
    writer.publish('shop/web', 1);
    writer.publish('shop/web', 2);
    writer.value(SWEEP(1000));
    now = 900;
    writer.publish('shop/web', 1);
    writer.publish('shop/web', 2);
    now = 1500;
    expect(writer.value(SWEEP(1000))).toEqual({ removed: 0, pending: 1 });
  });

  it('keeps all entries while a namespace can not be read', () => {
    using mount = temporaryMount(MEMORY);
    const writer = claimedWriter(mount.root);
    writer.publish('shop/web', 1);
    writer.publish('shop/web', 2);
    const { files } = writer.site;
    const list: typeof files.list = (directory) => {
      if (directory.path.endsWith('/shop')) throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      return files.list(directory);
    };
    const blind = claimedWriter(mount.root, { files: { ...files, list } });
    expect(blind.value(SWEEP(0))).toEqual({ removed: 0, pending: 0 });
  });

  it('cleans records, empty namespaces and old probes, and leaves foreign things', () => {
    using mount = temporaryMount(MEMORY);
    let now = 0;
    const writer = claimedWriter(mount.root, { monotonic: () => now });
    writer.publish('shop/web', 1);
    fs.rmSync(join(mount.root, 'shop/web'));
    writer.run({ ...CLAIM });
    fs.mkdirSync(join(mount.root, '.patchgen/staging/probe-dead'));
    fs.writeFileSync(join(mount.root, '.patchgen/staging/strange'), '');
    fs.writeFileSync(join(mount.root, '.patchgen/store/strange'), '');
    fs.writeFileSync(join(mount.root, 'strange'), '');
    expect(writer.value(SWEEP(0))).toEqual({ removed: 3, pending: 1 });
    now = 3_600_000;
    expect(writer.value(SWEEP(0))).toEqual({ removed: 1, pending: 0 });
    expect(writer.value(INVENTORY)).toEqual({
      packages: [],
      foreign: ['strange', '.patchgen/store/strange', '.patchgen/staging/strange'],
    });
  });
});

function replaced(path: string, make: (path: string) => void): void {
  fs.rmSync(path);
  make(path);
}

function changeTimes(root: string): readonly string[] {
  return treeOf(root).map((name) => `${name} ${fs.lstatSync(join(root, name), { bigint: true }).ctimeNs}`);
}

function identityOf(path: string): readonly unknown[] {
  const { ino, mode, ctimeNs, mtimeNs, size } = fs.lstatSync(path, { bigint: true });
  return [ino, mode, ctimeNs, mtimeNs, size];
}
