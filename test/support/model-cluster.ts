import {
  ApiError,
  type ApiRequest,
  type ApiResponse,
  ConnectionError,
  type KubeClient,
  type WatchRequest,
} from '../../src/platform/kubernetes/client.ts';
import { keyOf } from '../../src/runtime/store.ts';
import { ModelWatch } from './model-watch.ts';

/** An object of any kind, without what the server adds. */
export interface Draft {
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly namespace?: string };
  readonly [part: string]: unknown;
}

/** How one collection answers. `terminating`: the kind is on its way out, and discovery does not offer to create any more. */
export type CollectionMode = 'served' | 'terminating' | 'absent' | 'forbidden' | 'down';

interface Collection {
  mode: CollectionMode;
  readonly objects: Map<string, Draft>;
  readonly watches: Set<{ readonly namespace: string | undefined; readonly watch: ModelWatch }>;
}

/**
 * A scripted peer with collections of several kinds that count one history. It lists and watches; how a single collection
 * behaves over gaps is for `ModelServer`. Paths are those of all namespaces: `/apis/autoscaling/v2/horizontalpodautoscalers`.
 */
export class ModelCluster implements KubeClient {
  readonly requests: ApiRequest[] = [];
  readonly #collections = new Map<string, Collection>();
  #version = 1_000;
  #uids = 0;

  constructor(paths: Readonly<Record<string, CollectionMode>>) {
    for (const [path, mode] of Object.entries(paths))
      this.#collections.set(path, { mode, objects: new Map(), watches: new Set() });
  }

  /** Creates the object, or makes it a new version of the one there is. A changed spec is a new generation. */
  put(path: string, draft: Draft): void {
    const { objects } = this.#of(path);
    const old = objects.get(keyOf(draft.metadata));
    const generation =
      old === undefined ? 1 : Number(old.metadata['generation']) + Number(!same(old['spec'], draft['spec']));
    const metadata = {
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...draft.metadata,
      uid: old?.metadata['uid'] ?? `uid-${++this.#uids}`,
      generation,
      resourceVersion: String(++this.#version),
    };
    const object = { ...draft, metadata };
    objects.set(keyOf(draft.metadata), object);
    this.#tell(path, old === undefined ? 'ADDED' : 'MODIFIED', object);
  }

  remove(path: string, key: string): void {
    const { objects } = this.#of(path);
    const object = objects.get(key);
    if (object === undefined) throw new Error(`there is no ${key} at ${path}`);
    objects.delete(key);
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.#tell(path, 'DELETED', { ...object, metadata });
  }

  /** From now on the collection answers so; its watches are ended, but for one that terminates. */
  turn(path: string, mode: CollectionMode): void {
    const collection = this.#of(path);
    collection.mode = mode;
    if (mode !== 'terminating') for (const { watch } of collection.watches) watch.end();
  }

  /** Deletes a kind as the API server does: discovery first, then every object, then the collection. */
  dropKind(path: string): void {
    this.turn(path, 'terminating');
    for (const key of [...this.#of(path).objects.keys()]) this.remove(path, key);
    this.turn(path, 'absent');
  }

  async request<T>(request: ApiRequest): Promise<ApiResponse<T>> {
    this.requests.push(request);
    const discovered = [...this.#collections].filter(([path]) => path.startsWith(`${request.path}/`));
    if (discovered.length > 0) return { status: 200, body: resources(discovered) as T, warnings: [] };
    const { collection, namespace } = this.#find(request.path);
    refuse(collection.mode);
    const items = [...collection.objects.values()].filter((each) => isIn(each, namespace));
    return { status: 200, body: { metadata: { resourceVersion: String(this.#version) }, items } as T, warnings: [] };
  }

  watch(request: WatchRequest): AsyncIterable<unknown> {
    const { collection, namespace } = this.#find(request.path);
    const entry = {
      namespace,
      watch: new ModelWatch(() => collection.watches.delete(entry)),
    };
    try {
      refuse(collection.mode);
      collection.watches.add(entry);
    } catch (error) {
      entry.watch.fail(error);
    }
    return entry.watch;
  }

  async close(): Promise<void> {
    for (const { watches } of this.#collections.values()) for (const { watch } of watches) watch.end();
  }

  #tell(path: string, type: string, object: Draft): void {
    for (const { namespace, watch } of this.#of(path).watches)
      if (isIn(object, namespace)) watch.push({ type, object });
  }

  #of(path: string): Collection {
    const collection = this.#collections.get(path);
    if (collection === undefined) throw new Error(`there is no collection ${path}`);
    return collection;
  }

  #find(path: string): { readonly collection: Collection; readonly namespace: string | undefined } {
    const inside = /^(.*)\/namespaces\/([^/]+)(\/[^/]+)$/.exec(path);
    if (inside === null) return { collection: this.#of(path), namespace: undefined };
    const [, base = '', namespace, plural = ''] = inside;
    return { collection: this.#of(base + plural), namespace };
  }
}

function resources(collections: readonly (readonly [string, Collection])[]): unknown {
  const present = collections.filter(([, { mode }]) => mode !== 'absent');
  return {
    resources: present.map(([path, { mode }]) => ({
      name: path.slice(path.lastIndexOf('/') + 1),
      verbs: mode === 'terminating' ? ['get', 'list', 'watch', 'delete'] : ['create', 'get', 'list', 'watch', 'delete'],
    })),
  };
}

function refuse(mode: CollectionMode): void {
  if (mode === 'absent') throw new ApiError(404, 'NotFound', 'the server could not find the requested resource');
  if (mode === 'forbidden') throw new ApiError(403, 'Forbidden', 'not allowed');
  if (mode === 'down') throw new ConnectionError('refused');
}

const isIn = ({ metadata }: Draft, namespace: string | undefined): boolean =>
  namespace === undefined || metadata.namespace === namespace;
const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
