import { describe, expect, test } from 'vitest';
import { Cancelled, Transient, Waiting } from '../../../src/api/errors.ts';
import { ApiError, ConnectionError } from '../../../src/platform/kubernetes/client.ts';
import { CONSENT_LABEL } from '../../../src/policy/reach.ts';
import { goodSpec, intent } from '../../support/intents.ts';
import { policy } from '../../support/policies.ts';
import { ReconcileWorld } from '../../support/reconcile-world.ts';

const conditionOf = (world: ReconcileWorld, type: string) => world.status().conditions?.find((c) => c.type === type);

describe('the path of a good intent', () => {
  test('one run publishes, writes one status and sends one event', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    expect(await world.run()).toEqual({ next: 'done' });
    expect(world.statusWrites).toHaveLength(1);
    expect(world.ready()).toMatchObject({ status: 'True', reason: 'PackageWritten' });
    expect(world.status()).toMatchObject({
      observedGeneration: 1,
      change: 'replicas → 5',
      package: { root: 'root-a', path: 'shop/web-5', generation: 1 },
    });
    expect(world.status().package?.digest).toBe(world.packages.get('shop/web-5'));
    expect(world.events.map(({ reason, type }) => [type, reason])).toEqual([['Normal', 'PackageWritten']]);
  });

  test('a second run writes nothing and says nothing', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    await world.run();
    await world.run();
    expect(world.statusWrites).toHaveLength(1);
    expect(world.events).toHaveLength(1);
  });

  test('a new replicas value is one more write and one more event', async () => {
    const world = new ReconcileWorld();
    const first = world.put(intent());
    await world.run();
    world.put({
      ...first,
      metadata: { ...first.metadata, generation: 2 },
      spec: { ...goodSpec, replicas: 7 },
      status: world.status(),
    });
    await world.run();
    expect(world.status()).toMatchObject({ observedGeneration: 2, change: 'replicas → 7', package: { generation: 2 } });
    expect(world.statusWrites).toHaveLength(2);
    expect(world.events).toHaveLength(2);
  });

  test('a change of the reason alone moves the generation and not the digest, and is no event', async () => {
    const world = new ReconcileWorld();
    const first = world.put(intent());
    await world.run();
    const digest = world.status().package?.digest;
    world.put({
      ...first,
      metadata: { ...first.metadata, generation: 2 },
      spec: { ...goodSpec, reason: 'load' },
      status: world.status(),
    });
    await world.run();
    expect(world.status().package).toMatchObject({ digest, generation: 2 });
    expect(world.events).toHaveLength(1);
  });

  test('requestedAt is echoed once', async () => {
    const world = new ReconcileWorld();
    world.put(intent({ annotations: { 'patchgen.dev/requestedAt': 'now' } }));
    await world.run();
    await world.run();
    expect(world.status().lastHandledReconcileAt).toBe('now');
    expect(world.statusWrites).toHaveLength(1);
  });

  test('the annotation of Flux works as it is', async () => {
    const world = new ReconcileWorld();
    world.put(intent({ annotations: { 'reconcile.fluxcd.io/requestedAt': 'flux' } }));
    await world.run();
    expect(world.status().lastHandledReconcileAt).toBe('flux');
  });

  test('conditions of others are carried as they are', async () => {
    const world = new ReconcileWorld();
    const theirs = {
      type: 'example.com/Seen',
      status: 'True',
      reason: 'X',
      message: 'y',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    } as const;
    world.put(intent({ status: { conditions: [theirs] } }));
    await world.run();
    expect(conditionOf(world, 'example.com/Seen')).toEqual(theirs);
  });
});

describe('suspend, dry run, invalid', () => {
  test.each([
    ['suspended', { suspend: true }],
    ['invalid', { replicas: 500 }],
    ['a dry run', { dryRun: true }],
  ])('a package of another root is not called on disk here while the intent is %s', async (_, change) => {
    const world = new ReconcileWorld();
    world.put(intent());
    await world.run();
    world.rootId = 'root-b';
    world.packages.clear();
    world.put(intent({ generation: 2, spec: { ...goodSpec, ...change }, status: world.status() }));
    await world.run();
    expect(conditionOf(world, 'Packaged')).toMatchObject({ status: 'False' });
    expect(world.status().package?.root).toBe('root-a');
  });

  test('suspended after a failover to another volume: the status says where the package is, and that it is not here', async () => {
    const world = new ReconcileWorld();
    const first = world.put(intent());
    await world.run();
    world.rootId = 'root-b';
    const metadata = { ...first.metadata, generation: 2 };
    world.put({ ...first, metadata, spec: { ...goodSpec, suspend: true }, status: world.status() });
    await world.run();
    expect(conditionOf(world, 'Packaged')).toMatchObject({
      status: 'False',
      reason: 'Suspended',
      message: 'package shop/web-5 is on another volume, and comes here on resume',
    });
  });

  test('suspended: one write, package kept, not stalled', async () => {
    const world = new ReconcileWorld();
    const first = world.put(intent());
    await world.run();
    const claimed = world.status().package;
    world.put({
      ...first,
      metadata: { ...first.metadata, generation: 2 },
      spec: { ...goodSpec, suspend: true },
      status: world.status(),
    });
    await world.run();
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'Suspended' });
    expect(conditionOf(world, 'Stalled')).toBeUndefined();
    expect(world.status().package).toEqual(claimed);
    expect(world.packages.size).toBe(1);
    expect(world.statusWrites).toHaveLength(2);
  });

  test('dry run: plan and digest in the status, nothing on disk', async () => {
    const world = new ReconcileWorld();
    world.put(intent({ spec: { ...goodSpec, dryRun: true } }));
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True', reason: 'DryRun' });
    expect(world.status().plan?.packageDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(world.status().package).toBeUndefined();
    expect(world.packages.size).toBe(0);
  });

  test('a dry run over an older package says so and keeps it', async () => {
    const world = new ReconcileWorld();
    const first = world.put(intent());
    await world.run();
    world.put({
      ...first,
      metadata: { ...first.metadata, generation: 2 },
      spec: { ...goodSpec, replicas: 8, dryRun: true },
      status: world.status(),
    });
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True', reason: 'DryRun' });
    expect(conditionOf(world, 'Packaged')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('generation 1'),
    });
    expect(world.status().package).toMatchObject({ generation: 1 });
  });

  test('valid, invalid, valid: the last good package stays meanwhile', async () => {
    const world = new ReconcileWorld();
    const first = world.put(intent());
    await world.run();
    const claimed = world.status().package;
    world.put({
      ...first,
      metadata: { ...first.metadata, generation: 2 },
      spec: { ...goodSpec, replicas: 101 },
      status: world.status(),
    });
    await world.run();
    expect(world.ready()).toMatchObject({
      status: 'False',
      reason: 'InvalidSpec',
      message: expect.stringContaining('replicas out of range'),
    });
    expect(conditionOf(world, 'Stalled')).toMatchObject({ status: 'True', reason: 'InvalidSpec' });
    expect(world.status().package).toEqual(claimed);
    expect(world.packages.get('shop/web-5')).toBe(claimed?.digest);
    world.put({ ...first, metadata: { ...first.metadata, generation: 3 }, spec: goodSpec, status: world.status() });
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True' });
    expect(conditionOf(world, 'Stalled')).toBeUndefined();
    expect(world.events.map(({ reason }) => reason)).toEqual(['PackageWritten', 'InvalidSpec', 'PackageWritten']);
  });

  test.each([
    ['no spec at all', null, 'InvalidSpec'],
    ['a list', [], 'InvalidSpec'],
    ['an unknown type', { ...goodSpec, intentType: 'teleport' }, 'UnsupportedIntentType'],
    ['a climbing target', { ...goodSpec, target: '../../etc' }, 'InvalidPath'],
    ['a foreign namespace', { ...goodSpec, namespace: 'bank' }, 'TargetNotAllowed'],
    ['a kind that does not scale', { ...goodSpec, targetKind: 'DaemonSet' }, 'UnsupportedTargetKind'],
  ])('%s is stalled with its reason and never retried', async (_, spec, reason) => {
    const world = new ReconcileWorld();
    world.put(intent({ spec }));
    expect(await world.run()).toEqual({ next: 'done' });
    expect(world.ready()).toMatchObject({ status: 'False', reason });
    expect(conditionOf(world, 'Stalled')).toMatchObject({ reason });
    const passed = ['UnsupportedTargetKind', 'TargetNotAllowed'].includes(reason);
    expect(conditionOf(world, 'Validated')).toMatchObject({ status: passed ? 'True' : 'False' });
    expect(world.packages.size).toBe(0);
  });

  test('a foreign namespace needs a policy that names it and its own consent; the setting is a bound beside them', async () => {
    const world = new ReconcileWorld();
    world.around.policies = [policy('reach', { targetNamespaces: { names: ['bank'] } })];
    world.put(intent({ spec: { ...goodSpec, namespace: 'bank' } }));
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'TargetNotAllowed' });
    expect(world.around.reads).toBe(0);
    world.around.labels = new Map([['bank', { [CONSENT_LABEL]: 'shop' }]]);
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True' });
    world.rules = { allowedTargetNamespaces: new Set(['vault']), strictMode: false };
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'TargetNotAllowed' });
  });

  test('strict mode turns a warning into a refusal', async () => {
    const world = new ReconcileWorld();
    world.rules = { allowedTargetNamespaces: new Set(), strictMode: true };
    const { correlationId: _, ...spec } = goodSpec;
    world.put(intent({ spec }));
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'StrictMode' });
  });
});

describe('faults', () => {
  test('a full disk is tried again with backoff, told once, and keeps its first message', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    world.publishFailures = [
      new Transient('StorageFull', 'insufficient disk space: 5 left'),
      new Transient('StorageFull', 'insufficient disk space: 4 left'),
    ];
    expect(await world.run()).toEqual({ next: 'backoff' });
    await world.run();
    expect(world.statusWrites).toHaveLength(1);
    expect(world.ready()).toMatchObject({ reason: 'StorageFull', message: expect.stringContaining('5 left') });
    expect(conditionOf(world, 'Reconciling')).toMatchObject({ status: 'True' });
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True' });
    expect(world.events.map(({ reason }) => reason)).toEqual(['StorageFull', 'PackageWritten']);
  });

  test('something foreign in the way waits a minute and is not stalled', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    world.publishFailures = [new Waiting('UnsafePath', 'a file stands there')];
    expect(await world.run()).toEqual({ next: 'after', ms: 60_000 });
    expect(conditionOf(world, 'Stalled')).toBeUndefined();
  });

  test('an unexpected throw is reported on the object', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    world.publishFailures = [new RangeError('boom')];
    await world.run();
    expect(world.ready()).toMatchObject({ reason: 'InternalError', message: expect.stringContaining('boom') });
  });

  test('a lost lease writes nothing and ends the leadership', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    world.publishFailures = [new Cancelled('LeadershipLost', 'epoch gone')];
    expect(await world.run()).toEqual({ next: 'done' });
    expect(world.statusWrites).toHaveLength(0);
    expect(world.lost).toEqual(['epoch gone']);
  });

  test('past the deadline no status is written', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    world.mayWrite = false;
    await world.run();
    expect(world.statusWrites).toHaveLength(0);
    expect(world.lost).toHaveLength(1);
  });

  test('a status that could not be sent before the deadline is no failure of the server: leadership is lost', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    world.beforePut = () => {
      world.mayWrite = false;
      throw new ConnectionError('not sent');
    };
    await world.run();
    expect(world.statusWrites).toHaveLength(0);
    expect(world.lost).toHaveLength(1);
  });

  test('a write that conflicts only in status is repeated on the live object', async () => {
    const world = new ReconcileWorld();
    const first = world.put(intent());
    world.beforePut = () => {
      world.beforePut = () => {};
      world.put({
        ...first,
        status: {
          conditions: [
            { type: 'Theirs', status: 'True', reason: 'X', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
          ],
        },
      });
    };
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True' });
    expect(conditionOf(world, 'Theirs')).toBeDefined();
  });

  test('a generation that moved meanwhile gets no status of the older one', async () => {
    const world = new ReconcileWorld();
    const first = world.put(intent());
    world.beforePut = () => {
      world.beforePut = () => {};
      world.put({ ...first, metadata: { ...first.metadata, generation: 2 }, spec: { ...goodSpec, replicas: 9 } });
    };
    expect(await world.run()).toEqual({ next: 'backoff' });
    expect(world.statusWrites).toHaveLength(0);
    await world.run();
    expect(world.status()).toMatchObject({ observedGeneration: 2, change: 'replicas → 9' });
  });

  test('fifty conflicts end in backoff, not in a loop', async () => {
    const world = new ReconcileWorld();
    const first = world.put(intent());
    let puts = 0;
    world.beforePut = () => {
      puts += 1;
      world.put(first);
    };
    expect(await world.run()).toEqual({ next: 'backoff' });
    expect(puts).toBeLessThan(6);
  });

  test('a status that the schema refuses is written in its short form', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    let puts = 0;
    world.beforePut = () => {
      puts += 1;
      if (puts === 1) throw new ApiError(422, 'Invalid', 'status.plan: unknown');
    };
    await world.run();
    expect(world.status().plan).toBeUndefined();
    expect(world.ready()).toMatchObject({ status: 'True' });
  });

  test('an object whose every status is refused gets one Warning Event and no further try', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    world.beforePut = () => {
      throw new ApiError(422, 'Invalid', 'spec.replicas: wrong type');
    };
    expect(await world.run()).toEqual({ next: 'done' });
    expect(world.events.map(({ reason }) => reason)).toEqual(['StatusRefused']);
  });

  test('a failure that passes is tried again though the server refuses the status that tells it', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    world.publishFailures.push(new Transient('StorageFull', 'full'));
    world.beforePut = () => {
      throw new ApiError(422, 'Invalid', 'spec.replicas: wrong type');
    };
    expect(await world.run()).toEqual({ next: 'backoff' });
  });

  test('a live read that fails is no news: another try, and the status says what it said', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    await world.run();
    const before = world.status();
    Object.assign(world.deps.ownWrites, { check: () => 'expired' });
    world.beforeGet = () => {
      throw new ApiError(500, 'InternalError', 'storage');
    };
    expect(await world.run()).toEqual({ next: 'backoff' });
    expect(world.status()).toEqual(before);
    expect(world.statusWrites).toHaveLength(1);
  });

  test('a stored name that is too long is refused', async () => {
    const world = new ReconcileWorld();
    const name = 'a'.repeat(201);
    world.put(intent({ name }));
    await world.run(`shop/${name}`);
    expect(world.ready(`shop/${name}`)).toMatchObject({ status: 'False', reason: 'InvalidSpec' });
    expect(world.packages.size).toBe(0);
  });

  test('an answer that got lost costs a retry and no second event', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    const { putStatus } = world.deps.api;
    let lose = true;
    Object.assign(world.deps.api, {
      putStatus: async (...args: Parameters<typeof putStatus>) => {
        const version = await putStatus(...args);
        if (lose) {
          lose = false;
          throw new ConnectionError('reset');
        }
        return version;
      },
    });
    expect(await world.run()).toEqual({ next: 'backoff' });
    await world.run();
    expect(world.statusWrites).toHaveLength(1);
    expect(world.events.length).toBeLessThanOrEqual(1);
  });
});

describe('packages altered on disk', () => {
  test('a tampered package is one warning and no status write', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    await world.run();
    world.tampered.add('shop/web-5');
    await world.run();
    await world.run();
    expect(world.statusWrites).toHaveLength(1);
    expect(world.events.map(({ reason, type }) => `${type} ${reason}`)).toEqual([
      'Normal PackageWritten',
      'Warning PackageRestored',
    ]);
  });

  test('a removed package is restored with one warning', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    await world.run();
    world.packages.delete('shop/web-5');
    await world.run();
    expect(world.packages.size).toBe(1);
    expect(world.events.map(({ reason }) => reason)).toEqual(['PackageWritten', 'PackageRestored']);
  });

  test('another root is a re-publication: one write, no event', async () => {
    const world = new ReconcileWorld();
    world.put(intent());
    await world.run();
    world.packages.clear();
    world.rootId = 'root-b';
    await world.run();
    expect(world.status().package?.root).toBe('root-b');
    expect(world.statusWrites).toHaveLength(2);
    expect(world.events).toHaveLength(1);
  });
});
