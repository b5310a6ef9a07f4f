import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { PatchIntent } from '../../src/api/types.ts';
import {
  INTENT_INDEXES,
  type RunningSurroundings,
  startSurroundings,
} from '../../src/cli/run/surroundings/surroundings.ts';
import { WAKES_PER_SECOND } from '../../src/cli/run/surroundings/wakes.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { KubeClient } from '../../src/platform/kubernetes/client.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { Store } from '../../src/runtime/store.ts';
import { installCrds } from '../../tools/control-plane/crds.ts';
import { intent } from '../support/intents.ts';
import { clientOf, QUICK, tokenAccess, WatchWorld } from '../support/watch-world.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const CRDS = join(import.meta.dirname, '..', '..', 'crds');
const OURS = '/apis/patchgen.dev/v1alpha1';
const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const WEB = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' };

/** As KEDA's, with a schema that takes anything. */
const SCALED_OBJECTS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'scaledobjects.keda.sh' },
  spec: {
    group: 'keda.sh',
    scope: 'Namespaced',
    names: { kind: 'ScaledObject', listKind: 'ScaledObjectList', plural: 'scaledobjects', singular: 'scaledobject' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

interface Woken {
  readonly key: string;
  readonly low: boolean;
  readonly at: number;
}

interface Scene {
  readonly running: RunningSurroundings;
  readonly intents: Store<PatchIntent>;
  readonly woken: Woken[];
  /** Resolves once all is settled; a term is under way from then on. */
  settled(): Promise<void>;
  names(): readonly string[] | undefined;
}

let world: WatchWorld;
const running: RunningSurroundings[] = [];
const clients: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  world = await WatchWorld.start();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
  await Promise.all(clients.splice(0).map((each) => each.close()));
});
afterAll(() => world?.stop());

/** Surroundings of these intents. */
function surrounded(drafts: Parameters<typeof intent>[0][] = [], client: KubeClient = world.admin): Scene {
  const intents = new Store<PatchIntent>(INTENT_INDEXES);
  const woken: Woken[] = [];
  const state = { leading: false };
  const started = startSurroundings({
    settings: {
      watchNamespaces: [],
      allowedTargetNamespaces: [],
      livePlans: true,
      policies: true,
      resyncIntervalMs: 600_000,
    },
    client,
    intents,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics: { objects: () => {}, unreadable: () => {} },
    highestSeen: () => undefined,
    isLeading: () => state.leading,
    onWake: (keys, { low }) => void woken.push(...keys.map((key) => ({ key, low, at: performance.now() }))),
    onPolicyChange: () => {},
    timing: QUICK,
  });
  running.push(started);
  for (const [at, draft] of drafts.entries())
    for (const change of intents.upsert(intent({ namespace: 'default', uid: `uid-${at}`, ...draft })))
      started.intentChanged({ ...change, initial: false });
  return {
    running: started,
    intents,
    woken,
    async settled() {
      await started.whenSettled(AbortSignal.timeout(60_000));
      state.leading = true;
    },
    names: () => started.surroundings.policies()?.map(({ name }) => name),
  };
}

const create = (path: string, body: object): Promise<unknown> => world.admin.request({ method: 'POST', path, body });
const remove = (path: string): Promise<unknown> => world.admin.request({ method: 'DELETE', path });
const policy = (name: string, max = 5): object => ({
  apiVersion: 'patchgen.dev/v1alpha1',
  kind: 'PatchPolicy',
  metadata: { name },
  spec: { replicas: { max } },
});
const hpa = (name: string, target: string): object => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target }, maxReplicas: 9 },
});
const becomes = (look: () => unknown) => expect.poll(look, { timeout: 60_000, interval: 20 });
// In this order: the first one needs a server that knows nothing of us.
test('kinds that are not served are no reason to wait, and are taken up when they come', async () => {
  const scene = surrounded([{ name: 'a' }]);
  await scene.settled();
  expect(scene.names()).toEqual([]);
  expect(scene.running.problems()).toEqual([]);
  await installCrds(world.controlPlane, CRDS);
  await create(CRD, SCALED_OBJECTS);
  await create(`${OURS}/patchpolicies`, policy('first'));
  await becomes(() => scene.names()).toEqual(['first']);
  await becomes(() => scene.woken.map(({ key }) => key)).toContain('default/a');
  await remove(`${OURS}/patchpolicies/first`);
  await becomes(() => scene.names()).toEqual([]);
});

test('an approval wakes exactly the intent that it names', async () => {
  const scene = surrounded([{ name: 'a' }, { name: 'b' }]);
  await scene.settled();
  const spec = { intent: 'a', planDigest: 'a'.repeat(64), decision: 'Approve', approver: 'jane' };
  const path = `${OURS}/namespaces/default/patchapprovals`;
  await create(path, { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchApproval', metadata: { name: 'yes' }, spec });
  await becomes(() => scene.woken.length).toBe(1);
  await remove(`${path}/yes`);
  await becomes(() => scene.woken.length).toBe(2);
  expect(scene.woken).toMatchObject([
    { key: 'default/a', low: false },
    { key: 'default/a', low: false },
  ]);
});

test('an autoscaler is known by its target, that of KEDA by its ScaledObject, and wakes who is about that target', async () => {
  const scene = surrounded([{ name: 'a' }, { name: 'b', spec: { intentType: 'scaling', target: 'api', replicas: 2 } }]);
  await scene.settled();
  const [hpas, keda] = ['/apis/autoscaling/v2', '/apis/keda.sh/v1alpha1'].map((api) => `${api}/namespaces/default`);
  await create(`${hpas}/horizontalpodautoscalers`, hpa('web', 'web'));
  await becomes(() => scene.running.surroundings.autoscalerOf(WEB)).toBe('HorizontalPodAutoscaler web');
  const scaled = { metadata: { name: 'busy' }, spec: { scaleTargetRef: { name: 'web' } } };
  await create(`${keda}/scaledobjects`, { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', ...scaled });
  await becomes(() => scene.running.surroundings.autoscalerOf(WEB)).toBe('ScaledObject busy');
  await remove(`${hpas}/horizontalpodautoscalers/web`);
  await remove(`${keda}/scaledobjects/busy`);
  await becomes(() => scene.running.surroundings.autoscalerOf(WEB)).toBeUndefined();
  expect(new Set(scene.woken.map(({ key }) => key))).toEqual(new Set(['default/a']));
});

test('the label of a namespace arrives, and wakes who is in it', async () => {
  const name = await world.newNamespace();
  const scene = surrounded([{ name: 'a' }, { name: 'b', namespace: name }]);
  await scene.settled();
  const body = { metadata: { labels: { env: 'prod' } } };
  await world.admin.request({ method: 'PATCH', path: `/api/v1/namespaces/${name}`, body });
  await becomes(() => scene.running.surroundings.namespaceLabels(name)).toMatchObject({ env: 'prod' });
  expect(scene.woken.map(({ key }) => key)).toEqual([`${name}/b`]);
});

test('an edit of a policy wakes each of 1,000 intents once, no faster than the pace', async () => {
  await create(`${OURS}/patchpolicies`, policy('limits'));
  const scene = surrounded(Array.from({ length: 1_000 }, (_, at) => ({ name: `i-${at}` })));
  await scene.settled();
  const body = { spec: { replicas: { max: 6 } } };
  await world.admin.request({ method: 'PATCH', path: `${OURS}/patchpolicies/limits`, body });
  await becomes(() => scene.woken.length).toBe(1_000);
  expect(new Set(scene.woken.map(({ key }) => key)).size).toBe(1_000);
  // Timers may come late, never early: what was held up must not come in one go.
  for (const [at, { at: since }] of scene.woken.entries()) {
    const later = scene.woken[at + WAKES_PER_SECOND];
    if (later !== undefined) expect(later.at - since).toBeGreaterThan(950);
  }
  await remove(`${OURS}/patchpolicies/limits`);
});

test('what may not be read does not hold up the start: no policy is known, and this is said until it may be', async () => {
  const account = '/api/v1/namespaces/default/serviceaccounts';
  await create(account, { metadata: { name: 'stranger' } });
  const { body } = await world.admin.request<{ status: { token: string } }>({
    method: 'POST',
    path: `${account}/stranger/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } },
  });
  const ca = await readFile(world.controlPlane.caFile, 'utf8');
  const client = clientOf(tokenAccess(world.controlPlane.server, body.status.token, ca));
  clients.push(client);
  const scene = surrounded([{ name: 'a' }], client);
  await scene.settled();
  expect(scene.names()).toBeUndefined();
  expect(scene.running.problems()).toHaveLength(5);
  expect(scene.running.surroundings.autoscalersUnknown('default')).toMatch(/horizontalpodautoscalers can not be read/);
  await create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'stranger-reads-all' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'stranger', namespace: 'default' }],
  });
  await becomes(() => scene.names()).toEqual([]);
  await becomes(() => scene.running.problems()).toEqual([]);
  await becomes(() => scene.woken.map(({ key }) => key)).toContain('default/a');
});

test('policies outlive the end of their kind', async () => {
  for (const name of ['one', 'two']) await create(`${OURS}/patchpolicies`, policy(name));
  const scene = surrounded();
  await scene.settled();
  await remove(`${CRD}/patchpolicies.patchgen.dev`);
  await becomes(() => scene.running.policyObjects.size).toBe(0);
  await becomes(() =>
    world.admin.request({ method: 'GET', path: `${OURS}/patchpolicies` }).then(
      () => 'served',
      () => 'gone',
    ),
  ).toBe('gone');
  // Longer than deletions are doubted while the kind is there.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(scene.names()?.toSorted()).toEqual(['one', 'two']);
  await installCrds(world.controlPlane, CRDS);
  await create(`${OURS}/patchpolicies`, policy('one', 9));
  await becomes(() => scene.running.surroundings.policies()?.find(({ name }) => name === 'one')?.spec).toEqual({
    replicas: { max: 9 },
  });
});
