import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import type { ClusterAccess } from '../../src/platform/kubernetes/access.ts';
import { createKubeClient, type HttpKubeClient } from '../../src/platform/kubernetes/http-client.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import {
  type Change,
  type Reflector,
  type ReflectorMetrics,
  type ReflectorTiming,
  type ReplacedInfo,
  startReflector,
} from '../../src/runtime/reflector.ts';
import { keyOf, Store } from '../../src/runtime/store.ts';
import { type ControlPlane, startControlPlane } from '../../tools/control-plane/control-plane.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

/** What these tests keep of an object: its data beside the metadata, to see that content arrives and not only versions. */
export interface Kept {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly data: string;
}

interface RawObject extends Kept {
  readonly spec?: unknown;
}

export function kept(raw: unknown): Kept {
  const { metadata, data, spec } = raw as RawObject;
  const { name, namespace, uid, resourceVersion } = metadata;
  return { metadata: { name, namespace, uid, resourceVersion }, data: JSON.stringify(data ?? spec ?? null) };
}

/** Short pauses, so that tests are quick; the laws hold for any. */
export const QUICK: Partial<ReflectorTiming> = { backoffBaseMs: 20, backoffMaxMs: 200 };

export interface WatchedNamespace {
  readonly namespace: string;
  /** Path of the collection. */
  readonly path: string;
  readonly store: Store<Kept>;
  readonly reflector: Reflector;
  readonly changes: Change<Kept>[];
  readonly replaced: ReplacedInfo[];
  /** Causes by which watches ended. */
  readonly causes: string[];
  /** Waits until the store equals a consistent list of the server, and whoever followed the changes agrees. */
  becomesEqual(): Promise<void>;
}

export interface WatchOptions {
  /** Collection below the namespace. Default `/api/v1` configmaps. */
  readonly group?: string;
  readonly plural?: string;
  readonly namespace?: string;
  readonly timing?: Partial<ReflectorTiming>;
  readonly pageSize?: number;
  /** Watches with this client instead of the administrator's through the proxy. */
  readonly client?: HttpKubeClient;
}

/** A real API server with a fault proxy before it, an administrator's client that goes straight, and one through the proxy. */
export class WatchWorld {
  readonly controlPlane: ControlPlane;
  readonly proxy: FaultProxy;
  /** Straight to the server. */
  readonly admin: HttpKubeClient;
  /** Through the proxy. */
  readonly proxied: HttpKubeClient;
  readonly #reflectors: Reflector[] = [];

  static async start(): Promise<WatchWorld> {
    const controlPlane = await startControlPlane();
    const ca = await readFile(controlPlane.caFile, 'utf8');
    const proxy = await startFaultProxy({ server: controlPlane.server, ca });
    return new WatchWorld(controlPlane, proxy, ca);
  }

  private constructor(controlPlane: ControlPlane, proxy: FaultProxy, ca: string) {
    this.controlPlane = controlPlane;
    this.proxy = proxy;
    this.admin = clientOf(tokenAccess(controlPlane.server, controlPlane.token, ca));
    this.proxied = clientOf(tokenAccess(proxy.url, controlPlane.token, ca));
  }

  /** A new namespace, with a reflector on one of its collections. */
  async watched(options: WatchOptions = {}): Promise<WatchedNamespace> {
    const namespace = options.namespace ?? (await this.newNamespace());
    const path = `${options.group ?? '/api/v1'}/namespaces/${namespace}/${options.plural ?? 'configmaps'}`;
    const store = new Store<Kept>();
    const changes: Change<Kept>[] = [];
    const replaced: ReplacedInfo[] = [];
    const causes: string[] = [];
    const metrics: ReflectorMetrics = {
      listed: () => {},
      event: () => {},
      undecodable: () => {},
      watchEnded: (cause) => causes.push(cause),
    };
    const reflector = startReflector<Kept>({
      client: options.client ?? this.proxied,
      path,
      namespace,
      ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
      project: kept,
      store,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      onChange: (change) => changes.push(change),
      onReplaced: (info) => replaced.push(info),
      metrics,
      timing: { ...QUICK, ...options.timing },
    });
    this.#reflectors.push(reflector);
    const becomesEqual = async (): Promise<void> => {
      await expect
        .poll(async () => differences(store, changes, await this.list(path)), { timeout: 20_000, interval: 50 })
        .toEqual([]);
    };
    return { namespace, path, store, reflector, changes, replaced, causes, becomesEqual };
  }

  /** Waits until the watch of a collection passes through the proxy. */
  async watchIsOpen(path: string): Promise<void> {
    await expect.poll(() => this.proxy.openWatches, { timeout: 10_000 }).toContain(path);
  }

  async stopReflectors(): Promise<void> {
    await Promise.all(this.#reflectors.splice(0).map((reflector) => reflector.stop()));
  }

  async newNamespace(): Promise<string> {
    const name = `watch-${randomBytes(4).toString('hex')}`;
    await this.admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
    return name;
  }

  /** The consistent list of a collection, straight from the server. */
  async list(path: string): Promise<readonly Kept[]> {
    const { body } = await this.admin.request<{ items: unknown[] }>({ method: 'GET', path });
    return body.items.map(kept);
  }

  async create(path: string, name: string, value = '1'): Promise<void> {
    await this.admin.request({ method: 'POST', path, body: { metadata: { name }, data: { value } } });
  }
  async update(path: string, name: string, value: string): Promise<void> {
    await this.admin.request({ method: 'PATCH', path: `${path}/${name}`, body: { data: { value } } });
  }
  async remove(path: string, name: string): Promise<void> {
    await this.admin.request({ method: 'DELETE', path: `${path}/${name}` });
  }

  /** Drops the history of etcd up to now. */
  async compact(): Promise<void> {
    const post = async (path: string, body: object): Promise<unknown> => {
      const answer = await fetch(`${this.controlPlane.etcdUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`etcd answered ${answer.status}: ${await answer.text()}`);
      return answer.json();
    };
    const { header } = (await post('/v3/kv/range', { key: 'AA==' })) as { header: { revision: string } };
    await post('/v3/kv/compaction', { revision: header.revision, physical: true });
  }

  async restartApiServer(whileDown: () => Promise<void> = async () => {}): Promise<void> {
    await this.controlPlane.killApiServer();
    await whileDown();
    await this.controlPlane.startApiServer();
  }

  async stop(): Promise<void> {
    await this.stopReflectors();
    await this.proxied.close();
    await this.admin.close();
    await this.proxy.stop();
    await this.controlPlane.stop();
  }
}

export function clientOf(access: ClusterAccess, connections = 16): HttpKubeClient {
  return createKubeClient(access, { clock: systemClock, userAgent: 'patchgen-test', connections });
}

export function tokenAccess(server: string, token: string, ca: string): ClusterAccess {
  const credentials = { headers: { authorization: `Bearer ${token}` }, tls: { ca, verify: true } };
  return {
    server,
    namespace: 'default',
    description: 'test',
    credentials: async () => credentials,
    reload: async () => {},
  };
}

/** Lines that say where store, followed changes and server differ. */
function differences(store: Store<Kept>, changes: readonly Change<Kept>[], served: readonly Kept[]): readonly string[] {
  const followed = new Map<string, Kept>();
  for (const { key, object } of changes) {
    if (object === undefined) followed.delete(key);
    else followed.set(key, object);
  }
  const expected = new Map(served.map((each) => [keyOf(each.metadata), each]));
  const found: string[] = [];
  for (const key of new Set([...expected.keys(), ...store.keys(), ...followed.keys()])) {
    const [server, stored, told] = [expected.get(key), store.get(key), followed.get(key)].map(text);
    if (stored !== server) found.push(`${key}: server ${server}, store ${stored}`);
    if (told !== server) found.push(`${key}: server ${server}, told ${told}`);
  }
  return found;
}

const text = (object: Kept | undefined): string =>
  object === undefined ? 'nothing' : `${object.metadata.uid} @${object.metadata.resourceVersion} ${object.data}`;

/** Runs `work` for 0 … count−1, at most `width` at a time. */
export async function times(count: number, width: number, work: (at: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
