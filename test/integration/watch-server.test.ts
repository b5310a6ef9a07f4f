import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { loadAccess } from '../../src/platform/kubernetes/access.ts';
import type { ApiError } from '../../src/platform/kubernetes/client.ts';
import type { HttpKubeClient } from '../../src/platform/kubernetes/http-client.ts';
import { clientOf, times, tokenAccess, WatchWorld } from '../support/watch-world.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let world: WatchWorld;
const clients: HttpKubeClient[] = [];
beforeAll(async () => {
  world = await WatchWorld.start();
});
afterEach(async () => {
  await world.stopReflectors();
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
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

/** A service account of a namespace and a token of it. */
async function serviceAccount(namespace: string, name: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await world.admin.request({ method: 'POST', path, body: { metadata: { name } } });
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } };
  const made = await world.admin.request<{ status: { token: string } }>({
    method: 'POST',
    path: `${path}/${name}/token`,
    body,
  });
  return made.body.status.token;
}

async function allow(namespace: string, account: string): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }];
  await world.admin
    .request({ method: 'POST', path: `${rbac}/roles`, body: { metadata: { name: 'reader' }, rules } })
    .catch(() => {});
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
  await world.admin.request({
    method: 'POST',
    path: `${rbac}/rolebindings`,
    body: { metadata: { name: 'reader' }, roleRef, subjects },
  });
}

test('rights that are taken away and given back leave the store as it was, and then in step', async () => {
  const namespace = await world.newNamespace();
  const token = await serviceAccount(namespace, 'watcher');
  await allow(namespace, 'watcher');
  const ca = await readFile(world.controlPlane.caFile, 'utf8');
  const client = clientOf(tokenAccess(world.proxy.url, token, ca));
  clients.push(client);
  const watched = await world.watched({ namespace, client });
  for (const name of ['a', 'b', 'c']) await world.create(watched.path, name);
  await watched.becomesEqual();
  await world.watchIsOpen(watched.path);

  await world.admin.request({
    method: 'DELETE',
    path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/reader`,
  });
  await expect
    .poll(() =>
      client.request({ method: 'GET', path: watched.path }).then(
        () => 200,
        (error: ApiError) => error.status,
      ),
    )
    .toBe(403);
  world.proxy.cutWatches();
  await expect.poll(() => watched.causes).toContain('forbidden');
  await world.remove(watched.path, 'a');
  watched.reflector.relist();
  await expect.poll(() => watched.reflector.lastError).toMatch(/forbidden/);
  expect(watched.store.get(`${namespace}/a`)).toBeDefined();

  await allow(namespace, 'watcher');
  await watched.becomesEqual();
});

test('a token that is rotated on disk is picked up, and nothing is lost', async () => {
  const namespace = await world.newNamespace();
  const tokenFile = join(world.controlPlane.dir, `${namespace}.token`);
  await writeFile(tokenFile, await serviceAccount(namespace, 'watcher'));
  await allow(namespace, 'watcher');
  const config = {
    'current-context': 'x',
    clusters: [
      { name: 'x', cluster: { server: world.controlPlane.server, 'certificate-authority': world.controlPlane.caFile } },
    ],
    users: [{ name: 'x', user: { tokenFile } }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
  };
  const kubeconfig = join(world.controlPlane.dir, `${namespace}.kubeconfig`);
  await writeFile(kubeconfig, JSON.stringify(config));
  const client = clientOf(await loadAccess({ kubeconfig, env: {} }));
  clients.push(client);
  const watched = await world.watched({ namespace, client });
  await world.create(watched.path, 'a');
  await watched.becomesEqual();

  // Tokens of an account that was made anew are other tokens: the old one is refused from now on.
  await world.admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/serviceaccounts/watcher` });
  const fresh = await serviceAccount(namespace, 'watcher');
  await expect
    .poll(
      () =>
        client.request({ method: 'GET', path: watched.path }).then(
          () => 200,
          (error: ApiError) => error.status,
        ),
      { timeout: 30_000 },
    )
    .toBe(401);
  await writeFile(tokenFile, fresh);
  expect((await client.request({ method: 'GET', path: watched.path })).status).toBe(200);
  watched.reflector.relist();
  await world.create(watched.path, 'b');
  await watched.becomesEqual();
});

test('a client certificate is enough, and a server of another authority is refused', async () => {
  const client = clientOf(await loadAccess({ kubeconfig: world.controlPlane.kubeconfig, env: {} }));
  clients.push(client);
  expect((await client.request({ method: 'GET', path: '/version' })).status).toBe(200);
  const blind = clientOf({
    ...tokenAccess(world.controlPlane.server, world.controlPlane.token, ''),
    credentials: async () => ({ headers: {}, tls: { verify: true } }),
  });
  clients.push(blind);
  await expect(blind.request({ method: 'GET', path: '/version' })).rejects.toMatchObject({ name: 'ConnectionError' });
});

test('a thousand requests at once open no more connections than the pool allows', async () => {
  const ca = await readFile(world.controlPlane.caFile, 'utf8');
  const client = clientOf(tokenAccess(world.controlPlane.server, world.controlPlane.token, ca), 4);
  clients.push(client);
  const namespace = await world.newNamespace();
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  await Promise.all(
    Array.from({ length: 1000 }, (_, at) =>
      client.request({ method: 'POST', path, body: { metadata: { name: `m-${at}` } } }),
    ),
  );
  expect(client.stats()).toEqual({ opened: 4, open: 4 });
});

test('a thousand watches that are cut, and a stop, leave no connection and no timer', async () => {
  const ca = await readFile(world.controlPlane.caFile, 'utf8');
  const client = clientOf(tokenAccess(world.proxy.url, world.controlPlane.token, ca), 2);
  const held = (): number =>
    process.getActiveResourcesInfo().filter((kind) => /TCPSocketWrap|TLSWrap/.test(kind)).length;
  const timing = { backoffBaseMs: 1, backoffMaxMs: 2 };
  const watched = await world.watched({ client, timing });
  await watched.reflector.whenSynced();
  const cut = setInterval(() => world.proxy.cutWatches('RST'), 2);
  await expect.poll(() => watched.causes.length, { timeout: 90_000 }).toBeGreaterThan(1000);
  clearInterval(cut);
  await world.create(watched.path, 'after');
  await watched.becomesEqual();
  const before = held();
  expect(client.stats().open).toBeLessThanOrEqual(3);
  await watched.reflector.stop();
  await client.close();
  await expect.poll(() => client.stats().open).toBe(0);
  await expect.poll(held).toBeLessThan(before);
  await expect.poll(() => world.proxy.openWatches).not.toContain(watched.path);
});
