import { execFileSync, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/kpt/publisher/messages.ts';
import { throughCheckedPath } from '../../../src/platform/files/confinement.ts';
import { systemFiles } from '../../../src/platform/files/system-files.ts';
import {
  CLAIM,
  claimedWriter,
  packageOf,
  publishCall,
  residueOf,
  temporaryMount,
  treeOf,
  wholeDigestAt,
  writerOn,
} from '../../support/package-root.ts';
import type { Line, Step } from './child.ts';
import { missing, reasonsOf, runChild } from './processes.ts';

const PATIENCE = 60_000;
const SELF_TEST: Call = { id: 0, name: 'selfTest', argument: undefined };
const noNamespaces = missing('unshare', '-m', 'true') !== undefined;
const noStrace = missing('strace', '-o', '/dev/null', 'true') !== undefined;
const noRoot = process.getuid?.() !== 0;
if (noRoot) console.warn('skipped: volumes and other users need root');

const call = (...calls: readonly Call[]): Step => ({ calls });

/** Runs steps with a volume of its own at `<path>`, in a mount namespace that ends with the process. */
async function onVolume(path: string, options: string, steps: readonly Step[]): Promise<readonly Line[]> {
  const mounting = `mount -t tmpfs -o ${options} tmpfs "$0" && exec "$@"`;
  const lines = await runChild({ root: join(path, 'packages'), steps }, [
    'unshare',
    '-m',
    '--propagation',
    'private',
    'sh',
    '-c',
    mounting,
    path,
  ]);
  return lines.slice(0, steps.length);
}

const messageOf = (line: Line | undefined): string => line?.answers?.[0]?.failure?.message ?? '';

describe.skipIf(noNamespaces || noRoot)('a volume of its own', () => {
  it(
    'that is full fails with the bytes there are and needs, keeps the last package, and recovers',
    async () => {
      using mount = temporaryMount();
      const fill = (bytes: number): Step => ({
        shell: `head -c ${bytes} /dev/zero > ${mount.path}/fill 2>/dev/null || true`,
      });
      const lines = await onVolume(mount.path, 'size=256k', [
        call(CLAIM),
        call(publishCall('shop/web', 1)),
        fill(10_000_000),
        { shell: `truncate -s -8192 ${mount.path}/fill` },
        call(publishCall('shop/web', 2)),
        { shell: `cat ${mount.path}/packages/shop/web/Kptfile; ls ${mount.path}/packages/.patchgen/staging/1` },
        { shell: `rm ${mount.path}/fill` },
        call(publishCall('shop/web', 2)),
      ]);
      expect(reasonsOf(lines[4])).toEqual(['StorageFull']);
      expect(messageOf(lines[4])).toMatch(/^insufficient disk space: .*; \d+ bytes available, \d+ bytes needed$/);
      expect(lines[5]?.shell).toBe('name: 1\nowner\n');
      expect(reasonsOf(lines[7])).toEqual(['ok']);
    },
    PATIENCE,
  );

  it(
    'that is out of inodes does the same',
    async () => {
      using mount = temporaryMount();
      const lines = await onVolume(mount.path, 'size=4m,nr_inodes=30', [
        call(CLAIM),
        call(publishCall('shop/web', 1)),
        {
          shell: `i=0; while touch ${mount.path}/f$i 2>/dev/null; do i=$((i+1)); done; rm ${mount.path}/f0 ${mount.path}/f1 ${mount.path}/f2`,
        },
        call(publishCall('shop/web', 2)),
        {
          shell: `cat ${mount.path}/packages/shop/web/Kptfile; ls ${mount.path}/packages/.patchgen/staging/1; rm ${mount.path}/f*`,
        },
        call(publishCall('shop/web', 2)),
      ]);
      expect(reasonsOf(lines[3])).toEqual(['StorageFull']);
      expect(lines[4]?.shell).toBe('name: 1\nowner\n');
      expect(reasonsOf(lines[5])).toEqual(['ok']);
    },
    PATIENCE,
  );

  it(
    'that turns read-only and back',
    async () => {
      using mount = temporaryMount();
      const remount = (how: string): Step => ({ shell: `mount -o remount,${how} ${mount.path}` });
      const headRoom: Call = { id: 0, name: 'headRoom', argument: undefined };
      const lines = await onVolume(mount.path, 'size=4m', [
        call(CLAIM),
        call(publishCall('shop/web', 1)),
        remount('ro'),
        call(publishCall('shop/web', 2), headRoom),
        remount('rw'),
        call(publishCall('shop/web', 2), headRoom),
      ]);
      expect(reasonsOf(lines[3])).toEqual(['StorageReadOnly', 'StorageReadOnly']);
      expect(reasonsOf(lines[5])).toEqual(['ok', 'ok']);
    },
    PATIENCE,
  );

  it(
    'that goes away, or that another one covers, is noticed, and nothing is written below or into that',
    async () => {
      using mount = temporaryMount();
      const lines = await onVolume(mount.path, 'size=4m', [
        call(CLAIM),
        call(publishCall('shop/web', 1)),
        { shell: `mount -t tmpfs tmpfs ${mount.path} && mkdir -p ${mount.path}/packages/shop` },
        call(publishCall('shop/web', 2)),
        { shell: `find ${mount.path}/packages; umount ${mount.path}` },
        call(publishCall('shop/web', 2)),
        { shell: `umount -l ${mount.path}` },
        call(publishCall('shop/web', 3)),
        { shell: `ls -A ${mount.path}` },
      ]);
      expect([lines[3], lines[5], lines[7]].map(reasonsOf)).toEqual([['RootUnusable'], ['ok'], ['RootUnusable']]);
      expect(lines[4]?.shell).toBe(`${mount.path}/packages\n${mount.path}/packages/shop\n`);
      expect(lines[8]?.shell).toBe('');
    },
    PATIENCE,
  );

  it(
    'whose staging lies on another one is refused by the self-test, and publishes nothing',
    async () => {
      using mount = temporaryMount();
      const lines = await onVolume(mount.path, 'size=4m', [
        call(SELF_TEST),
        { shell: `mount -t tmpfs -o mode=0700 tmpfs ${mount.path}/packages/.patchgen/staging` },
        call(SELF_TEST, CLAIM, publishCall('shop/web', 1)),
        { shell: `ls -A ${mount.path}/packages` },
      ]);
      expect(reasonsOf(lines[2])).toEqual(['RootUnusable', 'ok', 'UnsafePath']);
      expect(lines[3]?.shell).toBe('.patchgen\n');
    },
    PATIENCE,
  );
});

describe.skipIf(noStrace)('a system call that fails', () => {
  /** Syscall, errno, the reason that a person reads; the count is of calls after Node's own start, which makes none of these. */
  const cases = [
    ['fsync', 'EIO'],
    ['rename', 'ENOSPC'],
    ['symlink', 'EDQUOT'],
    ['mkdir', 'ENOSPC'],
    ['fchmod', 'EPERM'],
  ] as const;
  it.each(cases)(
    '%s with %s, at any of its calls, leaves the old or the new package, and the next run ends well',
    async (syscall, code) => {
      for (let nth = 1; ; nth += 1) {
        using mount = temporaryMount();
        claimedWriter(mount.root).publish('shop/web', 1);
        const trace = join(mount.path, 'trace');
        const strace = [
          'strace',
          '-f',
          '-qq',
          '-y',
          '-o',
          trace,
          '-e',
          `trace=${syscall},close`,
          '-e',
          `inject=${syscall}:error=${code}:when=${nth}`,
        ];
        const lines = await runChild(
          { root: mount.root, steps: [call(CLAIM), call(publishCall('shop/web', 2))] },
          strace,
        );
        const traced = fs.readFileSync(trace, 'utf8');
        if (!traced.includes('INJECTED')) return expect(nth).toBeGreaterThan(1);
        expect(lines).toHaveLength(3);
        expect([packageOf(1).digest, packageOf(2).digest]).toContain(wholeDigestAt(mount.root, 'shop/web'));
        if (syscall === 'fsync') expect(syncedAgainAfterError(traced)).toEqual([]);
        fs.rmSync(trace);
        const next = claimedWriter(mount.root);
        next.publish('shop/web', 2);
        expect(wholeDigestAt(mount.root, 'shop/web')).toBe(packageOf(2).digest);
        expect(residueOf(mount.root)).toEqual([]);
      }
    },
    120_000,
  );

  it(
    'fsync with EIO for ever is told as StorageIOError and publishes nothing',
    async () => {
      using mount = temporaryMount();
      claimedWriter(mount.root).publish('shop/web', 1);
      const strace = [
        'strace',
        '-f',
        '-qq',
        '-o',
        '/dev/null',
        '-e',
        'trace=fsync',
        '-e',
        'inject=fsync:error=EIO:when=12+',
      ];
      const lines = await runChild(
        { root: mount.root, steps: [call(CLAIM), call(publishCall('shop/web', 2)), call(publishCall('shop/web', 3))] },
        strace,
      );
      expect([reasonsOf(lines[0]), reasonsOf(lines[2])]).toEqual([['ok'], ['StorageIOError']]);
      expect(residueOf(mount.root)).toEqual([]);
    },
    PATIENCE,
  );

  it('out of file descriptors is told as StorageBusy', () => {
    using mount = temporaryMount();
    const files = systemFiles();
    const writer = claimedWriter(mount.root);
    const held: { fd: number; path: string }[] = [];
    const soft = spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).stdout.trim();
    if (Number(soft) > 100_000) return console.warn(`skipped: the limit of open files is ${soft}`);
    try {
      for (;;) held.push(files.openTop(mount.path));
    } catch {
      expect(writer.reason(publishCall('shop/web', 1))).toBe('StorageBusy');
    } finally {
      for (const directory of held) files.close(directory);
    }
    expect(writer.reason(publishCall('shop/web', 1))).toBe('ok');
  });
});

describe.skipIf(noRoot || missing('setpriv', 'true') !== undefined)('an unprivileged user', () => {
  const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

  it(
    'that may not write one namespace fails there alone, with the path, and recovers',
    async () => {
      using mount = temporaryMount();
      fs.chmodSync(mount.path, 0o777);
      const lines = await runChild(
        { root: mount.root, steps: [call(CLAIM), call(publishCall('shop/web', 1), publishCall('other/web', 1))] },
        NOBODY,
      );
      expect(reasonsOf(lines[1])).toEqual(['ok', 'ok']);
      fs.chmodSync(join(mount.root, 'shop'), 0o555);
      const steps = [call(CLAIM), call(publishCall('shop/web', 2), publishCall('other/web', 2))];
      const refused = await runChild({ root: mount.root, steps }, NOBODY);
      expect(reasonsOf(refused[1])).toEqual(['StorageForbidden', 'ok']);
      expect(messageOf(refused[1])).toContain(`permission denied: ${mount.root}/shop/web`);
      expect(wholeDigestAt(mount.root, 'shop/web')).toBe(packageOf(1).digest);
      fs.chmodSync(join(mount.root, 'shop'), 0o755);
      expect(reasonsOf((await runChild({ root: mount.root, steps }, NOBODY))[1])).toEqual(['ok', 'ok']);
    },
    PATIENCE,
  );

  it(
    'that may not write the mount is told the path',
    async () => {
      using mount = temporaryMount();
      fs.chmodSync(mount.path, 0o755);
      const [line] = await runChild({ root: mount.root, steps: [call(SELF_TEST)] }, NOBODY);
      expect(reasonsOf(line)).toEqual(['StorageForbidden']);
      expect(messageOf(line)).toContain(`permission denied: ${mount.root}`);
    },
    PATIENCE,
  );
});

describe.skipIf(noRoot)('an immutable directory', () => {
  it('fails its own packages alone', ({ skip }) => {
    using mount = temporaryMount();
    const writer = claimedWriter(mount.root);
    writer.publish('shop/web', 1);
    const shop = join(mount.root, 'shop');
    if (missing('chattr', '+i', shop) !== undefined) return skip();
    try {
      const answers = writer.run(publishCall('shop/web', 2), publishCall('other/web', 2));
      expect(reasonsOf({ answers })).toEqual(['StorageForbidden', 'ok']);
    } finally {
      execFileSync('chattr', ['-i', shop]);
    }
    expect(writer.publish('shop/web', 2).outcome).toBe('written');
  });
});

describe('someone swaps directories and links while packages are published', () => {
  const swapper = `
    const fs = require('node:fs'); const [root, outside] = process.argv.slice(1);
    for (let i = 0; i < 10000; i += 1) {
      try { fs.renameSync(root + '/shop', root + '/shop-away'); fs.symlinkSync(outside, root + '/shop'); fs.unlinkSync(root + '/shop'); fs.renameSync(root + '/shop-away', root + '/shop'); } catch {}
      try { fs.symlinkSync(outside + '/file', root + '/shop/swap'); fs.renameSync(root + '/shop/swap', root + '/shop/web'); } catch {}
    }`;
  const forms = { 'through descriptors': systemFiles(), 'by checked paths': systemFiles(throughCheckedPath) };
  it.each(Object.entries(forms))(
    '%s nothing outside the root changes',
    async (form, files) => {
      using mount = temporaryMount();
      const outside = join(mount.path, 'outside');
      fs.mkdirSync(outside);
      fs.writeFileSync(join(outside, 'file'), 'mine');
      const writer = claimedWriter(mount.root, { files });
      writer.publish('shop/web', 0);
      const child = spawn(process.execPath, ['-e', swapper, mount.root, outside], { stdio: 'inherit' });
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const swapping = { ended: false };
      void ended.then(() => {
        swapping.ended = true;
      });
      const reasons = new Set<string>();
      for (let round = 1; !swapping.ended; round += 1) {
        reasons.add(writer.reason(publishCall('shop/web', round % 50)));
        reasons.add(writer.reason({ ...publishCall('shop/other', round % 50) }));
        if (round % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      // A path that is checked and then used leaves a gap, so only the descriptor form promises more than the rename's atomicity.
      if (form === 'through descriptors') expect(fs.readdirSync(outside)).toEqual(['file']);
      expect(fs.readFileSync(join(outside, 'file'), 'utf8')).toBe('mine');
      // A directory that is away in that gap, or that was made anew and replaced while it was empty, reads as a root that can't be used.
      expect(['ok', 'UnsafePath', 'RootUnusable']).toEqual(expect.arrayContaining([...reasons]));
    },
    120_000,
  );
});

it.each(['000', '022', '077', '0277'])(
  'modes and bytes are the same under umask %s',
  async (umask) => {
    using mount = temporaryMount();
    const under = ['sh', '-c', 'umask $0 && exec "$@"', umask];
    const [, line] = await runChild(
      { root: mount.root, steps: [call(CLAIM), call(publishCall('shop/web', 5))] },
      under,
    );
    expect(reasonsOf(line)).toEqual(['ok']);
    const names = [
      '',
      'shop',
      'shop/web',
      'shop/web/Kptfile',
      '.patchgen',
      '.patchgen/store',
      '.patchgen/staging',
      '.patchgen/records',
    ];
    const modes = names.map((name) => (fs.statSync(join(mount.root, name)).mode & 0o7777).toString(8));
    expect(modes).toEqual(['755', '755', '755', '644', '755', '755', '700', '700']);
    expect(wholeDigestAt(mount.root, 'shop/web')).toBe(packageOf(5).digest);
  },
  PATIENCE,
);

describe('a start with garbage', () => {
  it('cleans its own leftovers, reports and leaves foreign things', () => {
    using mount = temporaryMount();
    const first = claimedWriter(mount.root);
    first.publish('shop/web', 1);
    first.publish('shop/gone', 2);
    const meta = join(mount.root, '.patchgen');
    const garbage: Record<string, () => void> = {
      'half staged': () => fs.mkdirSync(join(meta, 'staging/1/half'), { recursive: true }),
      'truncated owner': () => fs.writeFileSync(join(meta, 'staging/1/owner'), '{"ho'),
      'an epoch without owner': () => fs.mkdirSync(join(meta, 'staging/7')),
      'an unknown file in staging': () => fs.writeFileSync(join(meta, 'staging/what'), ''),
      'an unknown file in meta': () => fs.writeFileSync(join(meta, 'what'), ''),
      'a foreign file': () => fs.writeFileSync(join(mount.root, 'notes.txt'), 'mine'),
      'a foreign link': () => fs.symlinkSync('/etc', join(mount.root, 'etc')),
      'a foreign file in a namespace': () => fs.writeFileSync(join(mount.root, 'shop/notes.txt'), 'mine'),
      'a dangling link of ours': () =>
        fs.symlinkSync(`../.patchgen/store/${'0'.repeat(64)}.1`, join(mount.root, 'shop/lost')),
      'an unused entry': () => fs.rmSync(join(mount.root, 'shop/gone')),
      'an unused entry that is empty': () => fs.mkdirSync(join(meta, `store/${'1'.repeat(64)}.3`)),
      'lost and found': () => fs.mkdirSync(join(mount.root, 'lost+found')),
    };
    for (const make of Object.values(garbage)) make();
    const writer = writerOn(mount.root);
    expect(writer.value(CLAIM)).toMatchObject({ epoch: 8, tampered: [{ namespace: 'shop', intent: 'lost' }] });
    expect(writer.value({ id: 0, name: 'inventory', argument: undefined })).toEqual({
      packages: expect.arrayContaining([
        { namespace: 'shop', intent: 'lost', digest: '0'.repeat(64) },
        { namespace: 'shop', intent: 'web', digest: packageOf(1).digest },
      ]),
      foreign: expect.arrayContaining([
        'notes.txt',
        'etc',
        'lost+found',
        'shop/notes.txt',
        '.patchgen/what',
        '.patchgen/staging/what',
      ]),
    });
    writer.value({ id: 0, name: 'sweep', argument: 0 });
    expect(fs.readdirSync(join(meta, 'store'))).toEqual([`${packageOf(1).digest}.1`]);
    expect(fs.readdirSync(join(meta, 'staging'))).toEqual(['8', 'what']);
    expect(fs.readFileSync(join(mount.root, 'shop/notes.txt'), 'utf8')).toBe('mine');
    expect(writer.publish('shop/web', 1).outcome).toBe('unchanged');
  });

  const identities = {
    'a newer layout': '{"rootId":"x","layout":2}',
    'a truncated identity': '{"rootId":',
    'an empty identity': '',
  };
  it.each(Object.entries(identities))('%s is refused, and nothing is written', (_, text) => {
    using mount = temporaryMount();
    fs.mkdirSync(join(mount.root, '.patchgen'), { recursive: true });
    fs.writeFileSync(join(mount.root, '.patchgen/root.json'), text);
    const writer = writerOn(mount.root);
    for (const one of [SELF_TEST, CLAIM]) expect(writer.reason(one)).toBe('RootUnusable');
    expect(treeOf(mount.root)).toEqual(['.patchgen', '.patchgen/root.json']);
  });

  it('a root that is a link, writable by all, or without its mount is refused', () => {
    using mount = temporaryMount();
    fs.mkdirSync(join(mount.path, 'elsewhere'));
    fs.symlinkSync('elsewhere', mount.root);
    expect(writerOn(mount.root).reason(SELF_TEST)).not.toBe('ok');
    expect(fs.readdirSync(join(mount.path, 'elsewhere'))).toEqual([]);
    fs.rmSync(mount.root);
    fs.mkdirSync(mount.root);
    fs.chmodSync(mount.root, 0o777);
    expect(writerOn(mount.root).reason(SELF_TEST)).toBe('RootUnusable');
    expect(writerOn(join(mount.path, 'nowhere/packages')).reason(SELF_TEST)).toBe('RootUnusable');
  });

  it('a root restored from a backup, older than what was published, is taken as it is and published into again', () => {
    using mount = temporaryMount();
    const first = claimedWriter(mount.root);
    first.publish('shop/web', 1);
    fs.cpSync(mount.root, join(mount.path, 'backup'), { recursive: true, verbatimSymlinks: true });
    first.publish('shop/web', 2);
    first.publish('shop/new', 3);
    fs.renameSync(mount.root, join(mount.path, 'broken'));
    fs.renameSync(join(mount.path, 'backup'), mount.root);
    expect(first.reason(publishCall('shop/web', 2))).toBe('RootUnusable');
    const second = claimedWriter(mount.root);
    expect(second.publish('shop/web', 2)).toMatchObject({ outcome: 'written', previousDigest: packageOf(1).digest });
    expect(second.publish('shop/new', 3).outcome).toBe('written');
    expect(first.reason(CLAIM)).toBe('ok');
  });
});

/** Descriptors that were synced again after an error, without being closed in between. */
function syncedAgainAfterError(trace: string): readonly string[] {
  const broken = new Set<string>();
  const again: string[] = [];
  for (const line of trace.split('\n')) {
    const [, syscall, descriptor = ''] = /(fsync|close)\((\d+)/.exec(line) ?? [];
    if (syscall === 'close') broken.delete(descriptor);
    else if (broken.has(descriptor)) again.push(line);
    if (line.includes('INJECTED')) broken.add(descriptor);
  }
  return again;
}
