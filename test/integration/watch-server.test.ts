import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { ApiError } from '../../src/platform/kubernetes/client.ts';
import { times, WatchWorld } from '../support/watch-world.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let world: WatchWorld;
beforeAll(async () => {
  world = await WatchWorld.start();
});
afterEach(() => world.stopReflectors());
afterAll(() => world?.stop());

test('an API server that is killed and started again leaves no gap', async () => {
  const watched = await world.watched();
  await times(50, 8, (at) => world.create(watched.path, `m-${at}`));
  await watched.becomesEqual();
  await world.restartApiServer();
  await world.remove(watched.path, 'm-7');
  await world.update(watched.path, 'm-8', 'new');
  await watched.becomesEqual();
  expect(watched.causes).toContain('cut');
});

test('a history that was compacted while the server was away is refused in the stream, and a list closes the gap', async () => {
  const watched = await world.watched();
  await times(20, 8, (at) => world.create(watched.path, `m-${at}`));
  await watched.becomesEqual();
  await world.watchIsOpen(watched.path);
  const back = world.proxy.add(({ path }) => (path === watched.path ? { kind: 'refuse' } : undefined));
  world.proxy.cutWatches('RST');
  await times(10, 4, (at) => world.remove(watched.path, `m-${at}`));
  await world.restartApiServer(() => world.compact());
  back();
  await watched.becomesEqual();
  expect(watched.causes).toContain('expired');
  expect(watched.replaced).toHaveLength(2);
});

test('a continue token that outlived its history is a 410 with a reason', async () => {
  const watched = await world.watched();
  await times(3, 3, (at) => world.create(watched.path, `m-${at}`));
  const { body } = await world.admin.request<{ metadata: { continue: string } }>({
    method: 'GET',
    path: watched.path,
    query: { limit: 1 },
  });
  await world.remove(watched.path, 'm-0');
  await world.restartApiServer(() => world.compact());
  const next = world.admin.request({
    method: 'GET',
    path: watched.path,
    query: { limit: 1, continue: body.metadata.continue },
  });
  await expect(next).rejects.toMatchObject({
    name: 'ApiError',
    status: 410,
    reason: 'Expired',
  } satisfies Partial<ApiError>);
  await watched.becomesEqual();
});

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const GROUP = '/apis/test.example.dev/v1';

async function createCrd(plural: string): Promise<void> {
  const names = { plural, singular: plural, kind: plural };
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    },
  };
  const body = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.test.example.dev` },
    spec: {
      group: 'test.example.dev',
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
  await world.admin.request({ method: 'POST', path: CRDS, body });
}

/** Deletes a CRD and waits until its collection is gone. */
async function deleteCrd(plural: string): Promise<void> {
  await world.admin.request({ method: 'DELETE', path: `${CRDS}/${plural}.test.example.dev` });
  await expect
    .poll(
      () =>
        world.admin.request({ method: 'GET', path: `${CRDS}/${plural}.test.example.dev` }).then(
          () => 200,
          (error: ApiError) => error.status,
        ),
      { timeout: 20_000 },
    )
    .toBe(404);
}

async function createThing(path: string, kind: string, name: string): Promise<void> {
  const body = { apiVersion: 'test.example.dev/v1', kind, metadata: { name }, spec: { value: name } };
  await expect
    .poll(() => world.admin.request({ method: 'POST', path, body }).then(() => 201, String), { timeout: 20_000 })
    .toBe(201);
}

test('a kind that is absent at the start is waited for', async () => {
  const watched = await world.watched({ group: GROUP, plural: 'latecomers' });
  await expect.poll(() => watched.reflector.state).toBe('kind-absent');
  expect(watched.reflector.synced).toBe(false);
  await createCrd('latecomers');
  await createThing(watched.path, 'latecomers', 'a');
  await watched.reflector.whenSynced();
  expect(watched.replaced[0]).toMatchObject({ kindWasAbsent: true });
  await watched.becomesEqual();
});

test('a kind that is deleted and made again: its absence deletes nothing, and the next list tells of it', async () => {
  await createCrd('phoenixes');
  const watched = await world.watched({ group: GROUP, plural: 'phoenixes' });
  for (const name of ['a', 'b', 'c']) await createThing(watched.path, 'phoenixes', name);
  await watched.becomesEqual();
  await world.watchIsOpen(watched.path);
  // The server deletes the objects with their kind, and says so in the watch. Keep that from the reflector, as an outage does.
  const back = world.proxy.add(({ path }) => (path === watched.path ? { kind: 'refuse' } : undefined));
  world.proxy.cutWatches('RST');
  await deleteCrd('phoenixes');
  back();
  await expect.poll(() => watched.reflector.state, { timeout: 10_000 }).toBe('kind-absent');
  expect(watched.store.size).toBe(3);
  expect(watched.changes.filter(({ type }) => type === 'deleted')).toEqual([]);
  await createCrd('phoenixes');
  await createThing(watched.path, 'phoenixes', 'a');
  await watched.becomesEqual();
  expect(watched.replaced.slice(1).some(({ kindWasAbsent }) => kindWasAbsent)).toBe(true);
});

test('a kind that is deleted under an open watch takes its objects along one by one, and ends as absent', async () => {
  await createCrd('mayflies');
  const watched = await world.watched({ group: GROUP, plural: 'mayflies' });
  for (const name of ['a', 'b']) await createThing(watched.path, 'mayflies', name);
  await watched.becomesEqual();
  await world.watchIsOpen(watched.path);
  await deleteCrd('mayflies');
  await expect.poll(() => watched.reflector.state, { timeout: 20_000 }).toBe('kind-absent');
  // So a DELETED event alone does not tell whether someone deleted an object or the kind: who removes things must ask.
  expect(watched.changes.filter(({ type }) => type === 'deleted')).toHaveLength(2);
  await createCrd('mayflies');
  await createThing(watched.path, 'mayflies', 'c');
  await watched.becomesEqual();
  expect(watched.replaced.at(-1)).toMatchObject({ kindWasAbsent: true });
});
