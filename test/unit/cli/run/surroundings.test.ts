import { describe, expect, test } from 'vitest';
import type { PatchPolicySpec } from '../../../../src/api/schema/patchpolicy.ts';
import { WAKES_PER_SECOND } from '../../../../src/cli/run/surroundings/wakes.ts';
import type { Target } from '../../../../src/reconcile/permit/world.ts';
import { settle } from '../../../support/clock.ts';
import { goodSpec } from '../../../support/intents.ts';
import type { Draft } from '../../../support/model-cluster.ts';
import {
  APPROVALS,
  HPAS,
  NAMESPACES,
  POLICIES,
  SCALED_OBJECTS,
  type Surrounded,
  surrounded,
} from '../../../support/surrounded.ts';

const WEB: Target = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };

const policy = (name: string, spec: PatchPolicySpec = { replicas: { max: 5 } }, status?: unknown): Draft => ({
  metadata: { name },
  spec,
  ...(status === undefined ? {} : { status }),
});
const namespace = (name: string, labels: Record<string, string> = {}): Draft => ({ metadata: { name, labels } });
const approval = (name: string, intent: string, decision: 'Approve' | 'Reject' = 'Approve', metadata = {}): Draft => ({
  metadata: { name, namespace: 'shop', ...metadata },
  spec: { intent, planDigest: 'a'.repeat(64), decision, approver: 'jane' },
});
const hpa = (name: string, target: string, more: Record<string, unknown> = {}): Draft => ({
  metadata: { name, namespace: 'shop', ...more },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target }, maxReplicas: 9 },
});
const names = (scene: Surrounded): readonly string[] | undefined =>
  scene.running.surroundings.policies()?.map(({ name }) => name);

/** Whether everything is settled, without waiting for more time. */
async function isSettled({ running }: Surrounded): Promise<boolean> {
  const state = { settled: false };
  const halt = new AbortController();
  running.whenSettled(halt.signal).then(
    () => {
      state.settled = true;
    },
    () => {},
  );
  await settle();
  halt.abort();
  return state.settled;
}

describe('the start waits', () => {
  test('for the first list of each kind that is served, and not for kinds that are not', async () => {
    const scene = await surrounded({ modes: { [APPROVALS]: 'absent', [POLICIES]: 'absent' } });
    expect(await isSettled(scene)).toBe(true);
    expect(scene.running.surroundings.policies()).toEqual([]);
    expect(scene.running.problems()).toEqual([]);
  });

  test('not for ever for what may not be read: no policy is known then, and this is said', async () => {
    const scene = await surrounded({ modes: { [POLICIES]: 'forbidden', [HPAS]: 'forbidden' } });
    expect(await isSettled(scene)).toBe(false);
    await scene.clock.advance(10_000);
    expect(await isSettled(scene)).toBe(true);
    const { surroundings, problems } = scene.running;
    expect(surroundings.policies()).toBeUndefined();
    expect(surroundings.autoscalersUnknown('shop')).toMatch(/horizontalpodautoscalers can not be read \(not allowed\)/);
    expect(surroundings.autoscalersUnknown('shop')).toMatch(
      /; grant list and watch on horizontalpodautoscalers\.autoscaling to the operator by its ClusterRole$/,
    );
    expect(problems()).toHaveLength(2);
    expect([...scene.unreadable].toSorted()).toEqual(['horizontalpodautoscalers', 'patchpolicies']);
    expect(scene.warnings.filter((line) => line.includes('may not be read'))).toHaveLength(2);
  });

  test('longer for what fails than for what is forbidden, and not for ever either', async () => {
    const scene = await surrounded({ modes: { [SCALED_OBJECTS]: 'down' } });
    await scene.clock.advance(20_000);
    expect(await isSettled(scene)).toBe(false);
    await scene.clock.advance(10_000);
    expect(await isSettled(scene)).toBe(true);
  });

  test('until its signal is aborted', async () => {
    const scene = await surrounded({ modes: { [POLICIES]: 'down' } });
    await expect(scene.running.whenSettled(AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });
});

test('rights that are granted later make the policies known, and everybody looks again in turn', async () => {
  const scene = await surrounded({ modes: { [POLICIES]: 'forbidden' }, intents: [{ name: 'a' }, { name: 'b' }] });
  await scene.clock.advance(60_000);
  expect(scene.woken).toEqual([]);
  scene.cluster.turn(POLICIES, 'served');
  await scene.clock.advance(60_000);
  expect(names(scene)).toEqual([]);
  expect(scene.running.problems()).toEqual([]);
  expect([...scene.unreadable]).toEqual([]);
  expect(scene.woken.every(({ low }) => low)).toBe(true);
  expect(await scene.wokenNow()).toEqual(['shop/a', 'shop/b']);
});

test('rights that are taken away leave what was known, and this is said', async () => {
  const scene = await surrounded({ objects: { [POLICIES]: [policy('limits')] } });
  scene.cluster.turn(POLICIES, 'forbidden');
  await scene.clock.advance(60_000);
  expect(names(scene)).toEqual(['limits']);
  expect(scene.running.problems()).toHaveLength(1);
});

test('switched off, policies are neither read nor missing, and autoscalers are still known', async () => {
  const scene = await surrounded({ settings: { policies: false }, objects: { [HPAS]: [hpa('web', 'web')] } });
  expect(scene.running.surroundings.policies()).toEqual([]);
  expect(scene.running.surroundings.autoscalerOf(WEB)).toBe('HorizontalPodAutoscaler web');
  expect(scene.cluster.requests.map(({ path }) => path).toSorted()).toEqual([HPAS, SCALED_OBJECTS]);
});

test('with live plans and policies switched off nothing is read', async () => {
  const scene = await surrounded({ settings: { policies: false, livePlans: false } });
  expect(scene.cluster.requests).toEqual([]);
  expect(await isSettled(scene)).toBe(true);
  expect(scene.running.surroundings.autoscalersUnknown('shop')).toBeUndefined();
});

test('of some namespaces only, what is namespaced is read there, and autoscalers also where intents may reach', async () => {
  const settings = { watchNamespaces: ['shop'], allowedTargetNamespaces: ['pay'] };
  const scene = await surrounded({ settings, objects: { [HPAS]: [hpa('a', 'web')] } });
  expect(scene.cluster.requests.map(({ path }) => path).toSorted()).toEqual(
    [
      POLICIES,
      NAMESPACES,
      '/apis/patchgen.dev/v1alpha1/namespaces/shop/patchapprovals',
      '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers',
      '/apis/autoscaling/v2/namespaces/pay/horizontalpodautoscalers',
      '/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects',
      '/apis/keda.sh/v1alpha1/namespaces/pay/scaledobjects',
    ].toSorted(),
  );
  const { surroundings } = scene.running;
  expect([surroundings.autoscalersUnknown('shop'), surroundings.autoscalersUnknown('pay')]).toEqual([
    undefined,
    undefined,
  ]);
  expect(surroundings.autoscalersUnknown('dev')).toMatch(/namespace dev is not watched/);
});

describe('policies', () => {
  test('are compiled once for each version of their rules, and each version of the object is told of', async () => {
    const scene = await surrounded({ objects: { [POLICIES]: [policy('limits')] } });
    const first = scene.running.surroundings.policies();
    scene.cluster.put(POLICIES, policy('limits', undefined, { observedGeneration: 1 }));
    await settle();
    expect(scene.running.surroundings.policies()).toBe(first);
    expect(scene.running.policyObjects.get('limits')?.status).toEqual({ observedGeneration: 1 });
    scene.cluster.put(POLICIES, policy('limits', { replicas: { max: 6 } }));
    await settle();
    expect(scene.running.surroundings.policies()?.[0]).toMatchObject({ generation: 2, spec: { replicas: { max: 6 } } });
    expect(scene.versions).toEqual(['limits', 'limits', 'limits']);
  });

  test('that can not be read count, as ones with problems', async () => {
    const broken = { ...policy('broken'), spec: { replicas: { max: 'many' }, match: { intentTypes: ['scaling'] } } };
    const scene = await surrounded({ objects: { [POLICIES]: [broken] } });
    const [found] = scene.running.surroundings.policies() ?? [];
    expect(found).toMatchObject({ name: 'broken', spec: { match: { intentTypes: ['scaling'] } } });
    expect(found?.problems.map(({ pointer }) => pointer)).toEqual(['/replicas/max']);
  });

  test('that were deleted are out of force once it is clear that the kind stays', async () => {
    const scene = await surrounded({ objects: { [POLICIES]: [policy('limits'), policy('more')] }, intents: [{}] });
    scene.cluster.remove(POLICIES, 'limits');
    await settle();
    expect(names(scene)).toEqual(['limits', 'more']);
    expect(await scene.wokenNow()).toEqual([]);
    await scene.clock.advance(3_000);
    expect(names(scene)).toEqual(['more']);
    expect(await scene.wokenNow()).toEqual(['shop/web-5']);
  });

  test('that went with their kind stay in force, until a minute after it came back without them', async () => {
    const scene = await surrounded({ objects: { [POLICIES]: [policy('limits'), policy('more')] } });
    scene.cluster.dropKind(POLICIES);
    await scene.clock.advance(600_000);
    expect(names(scene)).toEqual(['limits', 'more']);
    scene.cluster.turn(POLICIES, 'served');
    await scene.clock.advance(45_000);
    expect(names(scene)).toEqual(['limits', 'more']);
    scene.cluster.put(POLICIES, policy('more', { replicas: { max: 7 } }));
    await scene.clock.advance(60_000);
    expect(scene.running.surroundings.policies()).toMatchObject([{ name: 'more', spec: { replicas: { max: 7 } } }]);
  });

  test('that are created anew at once were never out of force', async () => {
    const scene = await surrounded({ objects: { [POLICIES]: [policy('limits')] } });
    scene.cluster.remove(POLICIES, 'limits');
    scene.cluster.put(POLICIES, policy('limits', { replicas: { max: 1 } }));
    await scene.clock.advance(120_000);
    expect(scene.running.surroundings.policies()).toMatchObject([{ spec: { replicas: { max: 1 } } }]);
  });
});

describe('an edit of a policy', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ name: `i-${at}`, namespace: at % 2 === 0 ? 'shop' : 'dev' }));

  test('wakes each of 5,000 intents once, behind fresh changes, and no faster than the pace', async () => {
    const scene = await surrounded({ objects: { [POLICIES]: [policy('limits')] }, intents: many(5_000) });
    scene.cluster.put(POLICIES, policy('limits', { replicas: { max: 6 } }));
    await scene.clock.advance(60_000);
    expect(scene.woken).toHaveLength(5_000);
    expect(new Set(scene.woken.map(({ key }) => key)).size).toBe(5_000);
    expect(scene.woken.every(({ low }) => low)).toBe(true);
    // Every second, wherever it begins.
    for (const [at, { at: since }] of scene.woken.entries()) {
      const within = scene.woken.slice(at, at + 2 * WAKES_PER_SECOND).filter((each) => each.at < since + 1_000);
      expect(within.length).toBeLessThanOrEqual(WAKES_PER_SECOND);
    }
  });

  test('that is repeated while they wait wakes nobody twice who has not had a turn', async () => {
    const scene = await surrounded({ objects: { [POLICIES]: [policy('limits')] }, intents: many(1_000) });
    for (const max of [6, 7, 8, 9]) {
      scene.cluster.put(POLICIES, policy('limits', { replicas: { max } }));
      await scene.clock.advance(100);
    }
    await scene.clock.advance(60_000);
    expect(scene.woken).toHaveLength(1_000);
  });

  test('wakes those to whom the version before or the one now may apply, and nobody else', async () => {
    const to = (name: string): PatchPolicySpec => ({ match: { namespaces: { names: [name] } }, replicas: { max: 5 } });
    const intents = ['shop', 'dev', 'pay'].map((each) => ({ namespace: each, name: each }));
    const scene = await surrounded({ objects: { [POLICIES]: [policy('limits', to('shop'))] }, intents });
    scene.cluster.put(POLICIES, policy('limits', to('pay')));
    await scene.clock.advance(2_000);
    expect(await scene.wokenNow()).toEqual(['pay/pay', 'shop/shop']);
  });

  test('of its status or metadata wakes nobody', async () => {
    const scene = await surrounded({ objects: { [POLICIES]: [policy('limits')] }, intents: many(3) });
    scene.cluster.put(POLICIES, policy('limits', undefined, { observedGeneration: 1 }));
    scene.cluster.put(POLICIES, { ...policy('limits'), metadata: { name: 'limits', labels: { a: 'b' } } });
    await scene.clock.advance(10_000);
    expect(scene.woken).toEqual([]);
  });

  test('is no matter for a standby', async () => {
    const scene = await surrounded({ leading: false, objects: { [POLICIES]: [policy('limits')] }, intents: many(3) });
    scene.cluster.put(POLICIES, policy('limits', { replicas: { max: 6 } }));
    scene.cluster.put(APPROVALS, approval('yes', 'i-0'));
    scene.cluster.put(HPAS, hpa('web', 'web'));
    await scene.clock.advance(10_000);
    expect(scene.woken).toEqual([]);
    expect(scene.running.surroundings.policies()).toMatchObject([{ generation: 2 }]);
    expect(scene.running.surroundings.autoscalerOf(WEB)).toBe('HorizontalPodAutoscaler web');
  });

  test('that waits its turn does not hold up what somebody decided', async () => {
    const scene = await surrounded({ objects: { [POLICIES]: [policy('limits')] }, intents: many(1_000) });
    scene.cluster.put(POLICIES, policy('limits', { replicas: { max: 6 } }));
    await scene.clock.advance(1_000);
    scene.cluster.put(APPROVALS, approval('yes', 'i-998'));
    await settle();
    expect(scene.woken.at(-1)).toMatchObject({ key: 'shop/i-998', low: false });
    await scene.clock.advance(60_000);
    expect(scene.woken.filter(({ key }) => key === 'shop/i-998')).toHaveLength(1);
  });
});

describe('approvals', () => {
  test('wake exactly the intent that they name, when they come and when they go', async () => {
    const scene = await surrounded({ intents: [{ name: 'a' }, { name: 'b' }] });
    scene.cluster.put(APPROVALS, approval('yes', 'a'));
    expect(await scene.wokenNow()).toEqual(['shop/a']);
    expect(scene.running.surroundings.approvals('shop', 'a')).toMatchObject([
      { name: 'yes', decision: 'Approve', approver: 'jane', createdAt: new Date('2026-01-01T00:00:00Z') },
    ]);
    expect(scene.running.surroundings.approvals('shop', 'b')).toEqual([]);
    scene.cluster.put(APPROVALS, approval('yes', 'a', 'Approve', { labels: { looked: 'at' } }));
    expect(await scene.wokenNow()).toEqual([]);
    scene.cluster.remove(APPROVALS, 'shop/yes');
    expect(await scene.wokenNow()).toEqual(['shop/a']);
    expect(scene.running.surroundings.approvals('shop', 'a')).toEqual([]);
    scene.cluster.put(APPROVALS, approval('early', 'unborn'));
    expect(await scene.wokenNow()).toEqual([]);
  });

  test('that are on their way out count no more, and rejections do until they are gone', async () => {
    const scene = await surrounded({ intents: [{ name: 'a' }] });
    const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['someone/else'] };
    scene.cluster.put(APPROVALS, approval('yes', 'a'));
    scene.cluster.put(APPROVALS, approval('no', 'a', 'Reject', leaving));
    scene.cluster.put(APPROVALS, approval('yes', 'a', 'Approve', leaving));
    expect(await scene.wokenNow()).toEqual(['shop/a', 'shop/a', 'shop/a']);
    expect(scene.running.surroundings.approvals('shop', 'a').map(({ name }) => name)).toEqual(['no']);
  });
});

describe('autoscalers', () => {
  test('wake the intents of the target that they had and have, and nobody when only their status moves', async () => {
    const intents = [
      { name: 'w' },
      { name: 'x', spec: { ...goodSpec, target: 'api' } },
      { name: 'y', spec: 'no spec' },
    ];
    const scene = await surrounded({ intents });
    scene.cluster.put(HPAS, hpa('one', 'web'));
    expect(await scene.wokenNow()).toEqual(['shop/w']);
    scene.cluster.put(HPAS, { ...hpa('one', 'web'), status: { currentReplicas: 3 } });
    expect(await scene.wokenNow()).toEqual([]);
    scene.cluster.put(HPAS, hpa('one', 'api'));
    expect(await scene.wokenNow()).toEqual(['shop/w', 'shop/x']);
    expect(scene.running.surroundings.autoscalerOf(WEB)).toBeUndefined();
    scene.cluster.remove(HPAS, 'shop/one');
    expect(await scene.wokenNow()).toEqual(['shop/x']);
  });

  test('are those of the same object in any version of its group, and of no other group, kind or namespace', async () => {
    const scene = await surrounded({ objects: { [HPAS]: [hpa('one', 'web')] } });
    const { surroundings } = scene.running;
    expect(surroundings.autoscalerOf({ ...WEB, apiVersion: 'apps/v2' })).toBe('HorizontalPodAutoscaler one');
    for (const other of [
      { apiVersion: 'example.dev/v1' },
      { kind: 'StatefulSet' },
      { namespace: 'dev' },
      { name: 'we' },
    ])
      expect(surroundings.autoscalerOf({ ...WEB, ...other })).toBeUndefined();
  });

  test('that KEDA made are called by their ScaledObject, whether that is watched or not', async () => {
    const made = hpa('keda-hpa-web', 'web', {
      ownerReferences: [{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'busy', controller: true }],
    });
    const scene = await surrounded({ objects: { [HPAS]: [made, hpa('a-second', 'web')] }, intents: [{}] });
    scene.cluster.remove(HPAS, 'shop/a-second');
    await settle();
    expect(scene.running.surroundings.autoscalerOf(WEB)).toBe('ScaledObject busy');
    await scene.wokenNow();
    scene.cluster.put(SCALED_OBJECTS, {
      metadata: { name: 'busy', namespace: 'shop' },
      spec: { scaleTargetRef: { name: 'web' } },
    });
    scene.cluster.turn(SCALED_OBJECTS, 'served');
    await scene.clock.advance(60_000);
    expect(scene.running.surroundings.autoscalerOf(WEB)).toBe('ScaledObject busy');
    expect(await scene.wokenNow()).toEqual(['shop/web-5']);
    scene.cluster.remove(HPAS, 'shop/keda-hpa-web');
    await settle();
    expect(scene.running.surroundings.autoscalerOf(WEB)).toBe('ScaledObject busy');
  });
});

test('the labels of a namespace wake who stands in it or reaches into it, and other changes of it nobody', async () => {
  const intents = [
    { name: 'in' },
    { name: 'to', namespace: 'dev', spec: { ...goodSpec, namespace: 'shop' } },
    { name: 'far', namespace: 'dev' },
  ];
  const scene = await surrounded({ objects: { [NAMESPACES]: [namespace('shop')] }, intents });
  expect(scene.running.surroundings.namespaceLabels('dev')).toBe('unknown');
  scene.cluster.put(NAMESPACES, { ...namespace('shop'), status: { phase: 'Active' } });
  expect(await scene.wokenNow()).toEqual([]);
  scene.cluster.put(NAMESPACES, namespace('shop', { env: 'prod' }));
  expect(await scene.wokenNow()).toEqual(['dev/to', 'shop/in']);
  expect(scene.running.surroundings.namespaceLabels('shop')).toEqual({ env: 'prod' });
});

describe('rivals', () => {
  const wants = (replicas: number, more: Record<string, unknown> = {}) => ({ ...goodSpec, replicas, ...more });
  const old = { name: 'old', creationTimestamp: '2026-01-01T00:00:00Z', spec: wants(5) };
  const young = { name: 'young', creationTimestamp: '2026-01-02T00:00:00Z', spec: wants(7) };

  test('the loser is woken at once when the winner goes, gives way, or is suspended', async () => {
    for (const leave of [
      (scene: Surrounded) => scene.withdraw('shop/old'),
      (scene: Surrounded) => scene.intend({ ...old, spec: wants(7), generation: 2 }),
      (scene: Surrounded) => scene.intend({ ...old, spec: wants(5, { suspend: true }), generation: 2 }),
      (scene: Surrounded) => scene.intend({ ...old, deletionTimestamp: '2026-01-03T00:00:00Z' }),
    ]) {
      const scene = await surrounded({ intents: [young, old] });
      expect(scene.running.surroundings.rivalOf('shop/young')).toMatchObject({ key: 'shop/old', value: '5' });
      leave(scene);
      expect(scene.woken).toMatchObject([{ key: 'shop/young', low: false }]);
      expect(scene.running.surroundings.rivalOf('shop/young')).toBeUndefined();
    }
  });

  test('of thousands who lost the next in line is woken at once, and the others no faster than the pace', async () => {
    const many = Array.from({ length: 2_000 }, (_, at) => ({
      ...young,
      name: `young-${at}`,
      spec: wants(7 + (at % 9)),
    }));
    const next = { ...young, name: 'next', creationTimestamp: '2026-01-01T12:00:00Z', spec: wants(6) };
    const scene = await surrounded({ intents: [...many, next, old] });
    scene.withdraw('shop/old');
    expect(scene.woken[0]).toMatchObject({ key: 'shop/next', low: false });
    await scene.clock.advance(5_000);
    expect(scene.woken.length).toBeLessThan(6 * WAKES_PER_SECOND);
    await scene.clock.advance(60_000);
    expect(new Set(scene.woken.map(({ key }) => key)).size).toBe(2_001);
  });

  test('a dry run has the rival that it would have if it were none, and is woken when that goes', async () => {
    const dry = { ...young, spec: wants(7, { dryRun: true }) };
    const scene = await surrounded({ intents: [dry, old] });
    const { surroundings } = scene.running;
    expect(surroundings.rivalOf('shop/young')).toMatchObject({ key: 'shop/old', value: '5' });
    expect(surroundings.rivalOf('shop/old')).toBeUndefined();
    scene.intend({ ...dry, spec: wants(5, { dryRun: true }), generation: 2 });
    expect(surroundings.rivalOf('shop/young')).toBeUndefined();
    scene.intend({ ...dry, spec: wants(7, { dryRun: true, suspend: true }), generation: 3 });
    expect(surroundings.rivalOf('shop/young')).toBeUndefined();
    scene.intend({ ...dry, generation: 4 });
    expect(surroundings.rivalOf('shop/young')?.key).toBe('shop/old');
    scene.withdraw('shop/old');
    expect(surroundings.rivalOf('shop/young')).toBeUndefined();
    expect(scene.woken.at(-1)).toMatchObject({ key: 'shop/young', low: false });
  });

  test('what is invalid, suspended, a dry run, on its way out or of a kind that scaling does not work on wants nothing', async () => {
    const nothing = [
      ...[wants(5, { suspend: true }), wants(5, { dryRun: true }), wants(500), 'no spec', null],
      wants(5, { targetApiVersion: 'apps/v1beta1' }),
    ];
    for (const spec of nothing) {
      const scene = await surrounded({ intents: [{ ...old, spec }, young] });
      expect(scene.running.surroundings.rivalOf('shop/young')).toBeUndefined();
    }
  });

  test('one object is one field whatever version of its group it is called by', async () => {
    const fleet = (replicas: number, version: string) =>
      wants(replicas, { targetApiVersion: `example.dev/${version}`, targetKind: 'Fleet' });
    const scene = await surrounded({
      intents: [
        { ...old, spec: fleet(5, 'v1') },
        { ...young, spec: fleet(7, 'v2') },
      ],
    });
    expect(scene.running.surroundings.rivalOf('shop/young')?.key).toBe('shop/old');
  });

  test('an intent of another namespace is none before the namespace lets it in', async () => {
    const outside = { ...old, namespace: 'dev', spec: wants(5, { namespace: 'shop' }) };
    const scene = await surrounded({ objects: { [NAMESPACES]: [namespace('shop')] }, intents: [outside, young] });
    const { surroundings } = scene.running;
    expect(surroundings.rivalOf('shop/young')).toBeUndefined();
    scene.cluster.put(NAMESPACES, namespace('shop', { 'patchgen.dev/allow-intents-from': 'dev' }));
    await settle();
    expect(surroundings.rivalOf('shop/young')?.key).toBe('dev/old');
    scene.cluster.put(NAMESPACES, namespace('shop'));
    await settle();
    expect(surroundings.rivalOf('shop/young')).toBeUndefined();
  });

  test('nobody is woken by what a status says', async () => {
    const scene = await surrounded({ intents: [old, young] });
    scene.intend({ ...old, status: { observedGeneration: 1 } });
    expect(scene.woken).toEqual([]);
  });
});
