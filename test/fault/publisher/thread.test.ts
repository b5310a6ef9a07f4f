import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { ENDLESS } from '../../../src/kpt/publisher/lease.ts';
import type { Publisher } from '../../../src/kpt/publisher/publisher.ts';
import { type PublisherOptions, startPublisher } from '../../../src/kpt/publisher/start.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { ManualClock } from '../../support/clock.ts';
import { claimedWriter, packageOf, requestOf, temporaryMount, wholeDigestAt } from '../../support/package-root.ts';

const PATIENCE = 30_000;
const SHARED = { takeOver: false, exclusive: false };

function startOn(root: string, options: Partial<PublisherOptions> = {}): Publisher {
  const publisher = startPublisher({
    root,
    minFreeBytes: 0,
    log: silentLog,
    clock: systemClock,
    random: systemRandom,
    ...options,
  });
  publisher.setLeaseDeadline(ENDLESS);
  return publisher;
}

const reasonOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: { readonly reason: string }) => error.reason,
  );

it(
  'a blocked event loop that can not renew its lease publishes nothing past it',
  () => {
    using mount = temporaryMount();
    const child = fileURLToPath(new URL('./blocked-loop.ts', import.meta.url));
    const said = execFileSync(process.execPath, ['--no-warnings', child, mount.root], { encoding: 'utf8' });
    expect(said).toBe('LeadershipLost\n');
    expect(fs.existsSync(join(mount.root, 'shop'))).toBe(false);
  },
  PATIENCE,
);

it(
  'before a lease is held nothing is claimed or published, but the self-test runs',
  async () => {
    using mount = temporaryMount();
    const publisher = startOn(mount.root);
    publisher.setLeaseDeadline(0n);
    expect(await reasonOf(publisher.claim(SHARED))).toBe('LeadershipLost');
    expect((await publisher.selfTest()).rootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(fs.readdirSync(join(mount.root, '.patchgen/staging'))).toEqual([]);
    await publisher.close();
  },
  PATIENCE,
);

it(
  'deletion and re-creation under one name while it is being published end with the new package and record',
  async () => {
    using mount = temporaryMount();
    const publisher = startOn(mount.root, { threadFile: new URL('./slow-thread.ts', import.meta.url) });
    await publisher.claim(SHARED);
    const first = publisher.publish(requestOf('shop/web', 1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const removed = publisher.remove({ namespace: 'shop', intent: 'web' });
    const again = publisher.publish({ ...requestOf('shop/web', 2), record: { uid: 'second', generation: 1 } });
    expect((await first).outcome).toBe('written');
    expect(await removed).toBe(true);
    expect(await again).toMatchObject({ outcome: 'written', previousDigest: undefined });
    expect(wholeDigestAt(mount.root, 'shop/web')).toBe(packageOf(2).digest);
    expect(fs.readFileSync(join(mount.root, '.patchgen/records/shop/web.json'), 'utf8')).toContain('"second"');
    await publisher.close();
  },
  PATIENCE,
);

it(
  'a thread that dies fails its calls, is started again, goes on in its epoch and trusts nothing that it cut off',
  async () => {
    using mount = temporaryMount();
    const clock = new ManualClock();
    const publisher = startOn(mount.root, { clock, threadFile: new URL('./dying-thread.ts', import.meta.url) });
    const { epoch } = await publisher.claim(SHARED);
    await publisher.publish(requestOf('shop/web', 1));
    fs.writeFileSync(`${mount.root}.deadly`, '');
    expect(await reasonOf(publisher.publish(requestOf('shop/web', 2)))).toBe('PublisherUnavailable');
    expect(publisher.health()).toEqual({ oldestCallMs: 0, threadAlive: false });
    expect(await reasonOf(publisher.publish(requestOf('shop/web', 2)))).toBe('PublisherUnavailable');
    fs.rmSync(`${mount.root}.deadly`);
    await clock.advance(500);
    expect(publisher.health().threadAlive).toBe(true);
    // What was linked without a sync is written anew, not taken for published.
    expect(await publisher.publish(requestOf('shop/web', 2))).toMatchObject({
      outcome: 'written',
      entry: `${packageOf(2).digest}.2`,
    });
    expect(fs.readdirSync(join(mount.root, '.patchgen/staging'))).toEqual([`${epoch}`]);
    await publisher.close();
  },
  PATIENCE,
);

it(
  'a thread that is started again steps down when another leader took over meanwhile',
  async () => {
    using mount = temporaryMount();
    const clock = new ManualClock();
    const publisher = startOn(mount.root, { clock, threadFile: new URL('./dying-thread.ts', import.meta.url) });
    await publisher.claim(SHARED);
    fs.writeFileSync(`${mount.root}.deadly`, '');
    expect(await reasonOf(publisher.publish(requestOf('shop/web', 1)))).toBe('PublisherUnavailable');
    fs.rmSync(`${mount.root}.deadly`);
    claimedWriter(mount.root).publish('shop/web', 3);
    await clock.advance(500);
    expect(await reasonOf(publisher.publish(requestOf('shop/web', 2)))).toBe('LeadershipLost');
    expect(wholeDigestAt(mount.root, 'shop/web')).toBe(packageOf(3).digest);
    await publisher.close();
  },
  PATIENCE,
);

it(
  'a close lets the calls under way finish, and refuses later ones',
  async () => {
    using mount = temporaryMount();
    const publisher = startOn(mount.root);
    const calls = [
      publisher.claim(SHARED),
      ...[1, 2, 3].map((text) => publisher.publish(requestOf(`shop/web-${text}`, text))),
    ];
    const closed = publisher.close();
    expect(await reasonOf(publisher.publish(requestOf('shop/late', 1)))).toBe('ShuttingDown');
    expect(await Promise.all(calls.map(reasonOf))).toEqual(['ok', 'ok', 'ok', 'ok']);
    await closed;
    expect(fs.readdirSync(join(mount.root, 'shop'))).toEqual(['web-1', 'web-2', 'web-3']);
  },
  PATIENCE,
);

it(
  'health tells how long the oldest call has waited',
  async () => {
    using mount = temporaryMount();
    const clock = new ManualClock();
    const publisher = startOn(mount.root, { clock });
    expect(publisher.health()).toEqual({ oldestCallMs: 0, threadAlive: true });
    const claimed = publisher.claim(SHARED);
    await clock.advance(1234);
    const { oldestCallMs } = publisher.health();
    await claimed;
    expect([0, 1234]).toContain(oldestCallMs);
    expect(publisher.health().oldestCallMs).toBe(0);
    await publisher.close();
  },
  PATIENCE,
);

it('a reader that hashes whole packages in a loop sees whole versions only, while they are published, repaired and removed', async () => {
  using mount = temporaryMount();
  const publisher = startOn(mount.root);
  await publisher.claim(SHARED);
  for (const key of ['shop/a', 'shop/b']) await publisher.publish(requestOf(key, 0));
  const versions = Array.from({ length: 40 }, (_, text) => packageOf(text).digest);
  const reader = new Worker(new URL('./reader.ts', import.meta.url), {
    workerData: { root: mount.root, keys: ['shop/a', 'shop/b'], digests: versions },
    execArgv: [],
  });
  for (let round = 0; round < 400; round += 1) {
    await Promise.all([
      publisher.publish(requestOf('shop/a', round % 40)),
      publisher.publish(requestOf('shop/b', (round * 7) % 40)),
    ]);
    // Taken away whole, so that the damage itself shows no reader a part.
    if (round % 10 === 0)
      fs.renameSync(fs.realpathSync(join(mount.root, 'shop/a')), join(mount.path, `taken-${round}`));
    if (round % 50 === 0) await publisher.sweep(3_600_000);
  }
  const seen = new Promise<{ readonly reads: number; readonly wrong: readonly string[] }>((resolve, reject) =>
    reader.once('message', resolve).once('error', reject),
  );
  reader.postMessage('end');
  const { reads, wrong } = await seen;
  expect(wrong).toEqual([]);
  expect(reads).toBeGreaterThan(500);
  await publisher.close();
}, 120_000);

it(
  'a shutdown keeps the epoch directory, so the next claim takes a new number',
  async () => {
    using mount = temporaryMount();
    for (const epoch of [1, 2, 3]) {
      const publisher = startOn(mount.root);
      expect(await publisher.claim({ takeOver: false, exclusive: false })).toMatchObject({ epoch });
      await publisher.publish(requestOf('shop/web', epoch));
      await publisher.close();
      expect(fs.readdirSync(join(mount.root, '.patchgen/staging'))).toEqual([`${epoch}`]);
    }
  },
  PATIENCE,
);
