import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { loadAccess } from '../../src/platform/kubernetes/access.ts';
import type { ApiError } from '../../src/platform/kubernetes/client.ts';
import type { HttpKubeClient } from '../../src/platform/kubernetes/http-client.ts';
import { clientOf, tokenAccess, WatchWorld } from '../support/watch-world.ts';

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

test('a thousand watches that are cut, and a stop, leave no connection', async () => {
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
