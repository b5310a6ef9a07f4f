import { describe, expect, test } from 'vitest';
import { Transient } from '../../../src/api/errors.ts';
import type { PublishRequest } from '../../../src/kpt/publisher/publisher.ts';
import { setDigest } from '../../../src/reconcile/collection/brake.ts';
import { reconcile, reportFailure } from '../../../src/reconcile/reconcile.ts';
import { intent } from '../../support/intents.ts';
import { ReconcileWorld } from '../../support/reconcile-world.ts';

/** A world with `count` published intents `shop/i0`, `shop/i1`, …; their packages are on the root. */
async function published(count: number): Promise<ReconcileWorld> {
  const world = new ReconcileWorld();
  for (let i = 0; i < count; i += 1) {
    world.put(intent({ name: `i${i}`, uid: `uid-${i}` }));
    await world.run(`shop/i${i}`);
  }
  return world;
}

/** What the watch and the queue do about a deletion. */
async function remove(world: ReconcileWorld, key: string): Promise<void> {
  world.objects.delete(key);
  world.collection.absent(key);
  await world.run(key);
}

async function drain(world: ReconcileWorld): Promise<void> {
  for (let key = world.queued.shift(); key !== undefined; key = world.queued.shift()) await world.run(key);
}

describe('removal of a package', () => {
  test('goes ahead after the settling time, in the run of its own key', async () => {
    const world = await published(3);
    await remove(world, 'shop/i1');
    expect(world.packages.has('shop/i1')).toBe(true);
    await world.clock.advance(2_000);
    expect(world.packages.has('shop/i1')).toBe(true);
    await drain(world);
    expect([...world.packages.keys()]).toEqual(['shop/i0', 'shop/i2']);
  });

  test('does not happen when the intent came back before the run', async () => {
    const world = await published(3);
    await remove(world, 'shop/i1');
    await world.clock.advance(2_000);
    world.put(intent({ name: 'i1', uid: 'uid-new' }));
    await drain(world);
    expect(world.packages.has('shop/i1')).toBe(true);
    expect(world.ready('shop/i1')).toMatchObject({ status: 'True' });
  });

  test('does not happen when only the store lacks the intent', async () => {
    const world = await published(3);
    const lagging = world.objects.get('shop/i1');
    await remove(world, 'shop/i1');
    await world.clock.advance(2_000);
    world.beforeGet = (key) => void (lagging && world.objects.set(key, lagging));
    await drain(world);
    expect(world.packages.has('shop/i1')).toBe(true);
  });

  test('does not happen while the kind is absent or terminating, even for one', async () => {
    const world = await published(3);
    world.kindIsServed = false;
    await remove(world, 'shop/i1');
    await world.clock.advance(2_000);
    await drain(world);
    expect(world.packages.has('shop/i1')).toBe(true);
    await world.clock.advance(60_000);
    await drain(world);
    expect(world.packages.has('shop/i1')).toBe(true);
    expect(world.held.at(-1)).toMatchObject({ keys: ['shop/i1'], counts: { kind: 1 } });
  });

  test('is held when the kind was terminating at the deletion, though it is back before the gate decides', async () => {
    const world = await published(3);
    world.kindIsServed = false;
    await remove(world, 'shop/i1');
    world.kindIsServed = true;
    await world.clock.advance(2_000);
    await drain(world);
    expect(world.packages.has('shop/i1')).toBe(true);
    expect(world.held.at(-1)).toMatchObject({ keys: ['shop/i1'], counts: { kind: 1 } });
  });

  test('that was held stays held though the set shrinks: intents that come back one by one lose no package', async () => {
    const world = await published(50);
    for (let i = 0; i < 40; i += 1) await remove(world, `shop/i${i}`);
    await world.clock.advance(2_000);
    for (let i = 0; i < 39; i += 1) {
      world.put(intent({ name: `i${i}`, uid: `again-${i}` }));
      await world.run(`shop/i${i}`);
      await world.clock.advance(2_500);
      await drain(world);
      expect(world.packages.size).toBe(50);
    }
    expect(world.held.at(-1)).toMatchObject({ keys: ['shop/i39'], counts: { brake: 1 } });
    await world.clock.advance(3_600_000);
    await drain(world);
    expect(world.packages.has('shop/i39')).toBe(false);
  });

  test('does not wait for deletions to end that come for ever', async () => {
    const world = await published(100);
    for (let i = 0; i < 40; i += 1) {
      await remove(world, `shop/i${i}`);
      await world.clock.advance(1_000);
    }
    await drain(world);
    expect(world.packages.size).toBeLessThan(75);
  });

  test('is told once for a burst of returns, not once for each', async () => {
    const world = await published(50);
    for (let i = 0; i < 40; i += 1) await remove(world, `shop/i${i}`);
    await world.clock.advance(2_000);
    for (let i = 0; i < 30; i += 1) {
      world.put(intent({ name: `i${i}`, uid: `again-${i}` }));
      await world.run(`shop/i${i}`);
      await world.clock.advance(100);
    }
    await world.clock.advance(2_000);
    expect(world.held.map((held) => held?.keys.length)).toEqual([40, 10]);
  });

  test('of a CRD deleted and re-created with all its intents: nothing is removed', async () => {
    const world = await published(5);
    world.kindIsServed = false;
    for (let i = 0; i < 5; i += 1) await remove(world, `shop/i${i}`);
    await world.clock.advance(2_000);
    await drain(world);
    world.kindIsServed = true;
    for (let i = 0; i < 5; i += 1) world.put(intent({ name: `i${i}`, uid: `again-${i}` }));
    for (let i = 0; i < 5; i += 1) await world.run(`shop/i${i}`);
    await world.clock.advance(7_200_000);
    await drain(world);
    expect(world.packages.size).toBe(5);
    expect(world.held.at(-1)).toBeUndefined();
  });

  test('after a list with a lower version (a restored etcd) is held, then goes after an hour', async () => {
    const world = await published(5);
    await remove(world, 'shop/i0');
    world.collection.doubt('rewound');
    await world.clock.advance(3_500_000);
    await drain(world);
    expect(world.packages.size).toBe(5);
    await world.clock.advance(200_000);
    await drain(world);
    expect(world.packages.size).toBe(4);
  });

  test.each([
    [
      'publishes its package',
      (request: PublishRequest, world: ReconcileWorld) => world.deps.publisher.publish(request),
    ],
    ['fails', () => Promise.reject(new Transient('StorageFull', 'no space'))],
  ])('after such a list is held too where a run that began before it %s after it', async (_, publish) => {
    const world = await published(5);
    const publisher = {
      ...world.deps.publisher,
      publish: (request: PublishRequest) => {
        world.objects.delete('shop/i0');
        world.collection.doubtList('rewound');
        world.collection.absent('shop/i0');
        return publish(request, world);
      },
    };
    await reconcile('shop/i0', { ...world.deps, publisher }, new AbortController().signal);
    await world.run('shop/i0');
    await world.clock.advance(60_000);
    await drain(world);
    expect(world.packages.has('shop/i0')).toBe(true);
    expect(world.held.at(-1)).toMatchObject({ keys: ['shop/i0'], counts: { rewound: 1 } });
  });

  test('of everything is held until it is confirmed', async () => {
    const world = await published(3);
    for (let i = 0; i < 3; i += 1) await remove(world, `shop/i${i}`);
    await world.clock.advance(10_000);
    await drain(world);
    expect(world.packages.size).toBe(3);
    const digest = setDigest(['shop/i0', 'shop/i1', 'shop/i2']);
    expect(world.held.at(-1)?.digest).toBe(digest);
    world.collection.confirm(digest);
    await world.clock.advance(1);
    await drain(world);
    expect(world.packages.size).toBe(0);
  });

  test('confirmed once is not confirmed for ever', async () => {
    const world = await published(3);
    const digest = setDigest(['shop/i0', 'shop/i1', 'shop/i2']);
    const removeAll = async (): Promise<void> => {
      for (let i = 0; i < 3; i += 1) await remove(world, `shop/i${i}`);
      await world.clock.advance(10_000);
      await drain(world);
    };
    world.collection.confirm(digest);
    await removeAll();
    expect(world.packages.size).toBe(0);
    for (let i = 0; i < 3; i += 1) {
      world.put(intent({ name: `i${i}`, uid: `again-${i}` }));
      await world.run(`shop/i${i}`);
    }
    world.collection.confirm(digest);
    await removeAll();
    expect(world.packages.size).toBe(3);
  });

  test('of many, one after the other within a minute, trips the brake all the same', async () => {
    const world = await published(60);
    for (let i = 0; i < 55; i += 1) {
      await remove(world, `shop/i${i}`);
      await world.clock.advance(500);
      await drain(world);
    }
    await world.clock.advance(20_000);
    await drain(world);
    expect(world.packages.size).toBeGreaterThanOrEqual(29);
    expect(world.held.at(-1)?.counts).toHaveProperty('brake');
  });

  test('is asked for anew only after another hour when the kind is absent for longer than that', async () => {
    const world = await published(3);
    world.kindIsServed = false;
    await remove(world, 'shop/i1');
    let reads = 0;
    world.beforeGet = () => void (reads += 1);
    for (let minute = 0; minute < 150; minute += 1) {
      await world.clock.advance(60_000);
      await drain(world);
    }
    expect(reads).toBe(2);
    expect(world.packages.has('shop/i1')).toBe(true);
    world.kindIsServed = true;
    await world.clock.advance(3_600_000);
    await drain(world);
    expect(world.packages.has('shop/i1')).toBe(false);
  });

  test('that was confirmed waits until the kind is served, and is not asked for in a loop', async () => {
    const world = await published(3);
    world.kindIsServed = false;
    for (let i = 0; i < 3; i += 1) await remove(world, `shop/i${i}`);
    world.collection.kindIsMissing(true);
    await world.clock.advance(2_000);
    world.collection.confirm(world.held.at(-1)?.digest);
    let reads = 0;
    world.beforeGet = () => void (reads += 1);
    for (let second = 0; second < 60; second += 1) {
      await world.clock.advance(1_000);
      await drain(world);
    }
    expect(reads).toBe(0);
    expect(world.packages.size).toBe(3);
    world.kindIsServed = true;
    world.collection.kindIsMissing(false);
    await world.clock.advance(10_000);
    await drain(world);
    expect(world.packages.size).toBe(0);
  });

  test('that hung is tried again', async () => {
    const world = await published(2);
    await remove(world, 'shop/i1');
    await world.clock.advance(2_000);
    const { signal } = new AbortController();
    expect(await reportFailure('shop/i1', new Error('no result within 60 s'), world.deps, signal)).toEqual({
      next: 'backoff',
    });
    await drain(world);
    expect(await reportFailure('shop/i1', new Error('late'), world.deps, signal)).toEqual({ next: 'done' });
  });

  test('takes place though the one publication failed after its link was there', async () => {
    const world = await published(3);
    world.put(intent({ name: 'new', uid: 'uid-new' }));
    world.packages.set('shop/new', 'written, not synced');
    world.publishFailures.push(new Transient('PublisherUnavailable', 'the thread ended'));
    await world.run('shop/new');
    await remove(world, 'shop/new');
    expect(world.packages.has('shop/new')).toBe(true);
    await world.clock.advance(2_000);
    await drain(world);
    expect([...world.packages.keys()]).toEqual(['shop/i0', 'shop/i1', 'shop/i2']);
  });

  test("is nobody's matter when the one publication failed and left nothing", async () => {
    const world = await published(3);
    world.put(intent({ name: 'new', uid: 'uid-new' }));
    world.publishFailures.push(new Transient('StorageFull', 'full'));
    await world.run('shop/new');
    await remove(world, 'shop/new');
    await world.clock.advance(60_000);
    expect(world.queued).toEqual([]);
    expect(world.held).toEqual([]);
    expect(world.collection.isUncertain('shop/new')).toBe(false);
  });
});

describe('a link that the present object does not claim', () => {
  test.each([
    ['invalid', { intentType: 'scaling', target: 'web', replicas: 500 }],
    ['suspended', { intentType: 'scaling', target: 'web', replicas: 5, suspend: true }],
    ['a dry run', { intentType: 'scaling', target: 'web', replicas: 5, dryRun: true }],
  ])('is removed through the gate when the re-created object is %s', async (_, spec) => {
    const world = await published(3);
    world.put(intent({ name: 'i1', uid: 'uid-new', spec }));
    await world.run('shop/i1');
    expect(world.packages.has('shop/i1')).toBe(true);
    await world.clock.advance(2_000);
    await drain(world);
    expect(world.packages.has('shop/i1')).toBe(false);
  });

  test('that cannot be removed now is tried again with backoff, and the status is written all the same', async () => {
    const world = await published(3);
    world.put(intent({ name: 'i1', uid: 'uid-new', spec: { intentType: 'scaling', target: 'web', replicas: 500 } }));
    await world.run('shop/i1');
    await world.clock.advance(2_000);
    world.removeFailures.push(new Transient('StorageReadOnly', 'read-only'));
    expect(await world.run('shop/i1')).toEqual({ next: 'backoff' });
    expect(world.ready('shop/i1')).toMatchObject({ reason: 'InvalidSpec' });
    expect(await world.run('shop/i1')).toEqual({ next: 'done' });
    expect(world.packages.has('shop/i1')).toBe(false);
  });

  test('stays when the object claims it', async () => {
    const world = await published(3);
    const { status } = world.objects.get('shop/i1') ?? {};
    world.put(
      intent({
        name: 'i1',
        uid: 'uid-1',
        generation: 2,
        spec: { intentType: 'scaling', target: 'web', replicas: 500 },
        ...(status && { status }),
      }),
    );
    await world.run('shop/i1');
    await world.clock.advance(7_200_000);
    await drain(world);
    expect(world.packages.has('shop/i1')).toBe(true);
  });

  test('stays through failures that pass', async () => {
    const world = await published(2);
    world.put(intent({ name: 'i1', uid: 'uid-new' }));
    for (let tries = 0; tries < 3; tries += 1) {
      world.publishFailures.push(new Transient('StorageFull', 'full'));
      await world.run('shop/i1');
      await world.clock.advance(2_000);
      await drain(world);
    }
    expect(world.packages.has('shop/i1')).toBe(true);
  });
});
