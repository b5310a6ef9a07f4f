import type { Clock } from '../../src/platform/clock.ts';
import {
  ApiError,
  type ApiRequest,
  type ApiResponse,
  ConnectionError,
  DecodeError,
  type KubeClient,
  SilentConnectionError,
  type WatchRequest,
} from '../../src/platform/kubernetes/client.ts';
import { ModelWatch } from './model-watch.ts';

export interface ModelObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly spec: { readonly value: number };
}

interface LoggedEvent {
  readonly version: number;
  readonly type: string;
  readonly object: ModelObject;
}

interface Snapshot {
  readonly version: number;
  readonly rest: readonly ModelObject[];
}

/** What the peer answers to every request, until changed. */
export type Mode = 'served' | 'absent' | 'forbidden' | 'down' | 'busy';

/**
 * A scripted peer: one collection with the rules of an API server (versions, paged consistent lists whose tokens expire
 * with a compaction, watches that resume from a version or are refused with an ERROR event), and each way to fail.
 */
export class ModelServer implements KubeClient {
  mode: Mode = 'served';
  /** Milliseconds that `busy` asks for. */
  retryAfterMs = 0;
  readonly requests: ApiRequest[] = [];
  readonly watchRequests: WatchRequest[] = [];
  readonly #clock: Clock;
  readonly #objects = new Map<string, ModelObject>();
  readonly #watches = new Set<ModelWatch>();
  readonly #snapshots = new Map<string, Snapshot>();
  #log: LoggedEvent[] = [];
  #version = 1_000_000;
  #uids = 0;
  #compacted = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get version(): string {
    return String(this.#version);
  }
  get openWatches(): number {
    return this.#watches.size;
  }
  /** Key → uid, version and value of everything there is. */
  contents(): ReadonlyMap<string, ModelObject> {
    return this.#objects;
  }

  put(key: string, value: number): void {
    const present = this.#objects.get(key);
    const [namespace = '', name = ''] = key.split('/');
    const uid = present?.metadata.uid ?? `uid-${++this.#uids}`;
    const resourceVersion = String(++this.#version);
    const object = { metadata: { name, namespace, uid, resourceVersion }, spec: { value } };
    this.#objects.set(key, object);
    this.#happened(present === undefined ? 'ADDED' : 'MODIFIED', object);
  }

  remove(key: string): void {
    const present = this.#objects.get(key);
    if (present === undefined) return;
    this.#objects.delete(key);
    const resourceVersion = String(++this.#version);
    this.#happened('DELETED', { ...present, metadata: { ...present.metadata, resourceVersion } });
  }

  /** Something happens to another kind: the version moves on, and no watch of this kind is told. */
  elsewhere(): void {
    this.#version += 1;
  }

  compact(): void {
    this.#compacted = this.#version;
    this.#log = [];
  }
  cut(): void {
    this.#fail(new ConnectionError('cut'));
  }
  silence(): void {
    this.#fail(new SilentConnectionError('silent'));
  }
  garble(): void {
    this.#fail(new DecodeError('garbled'));
  }
  endWatches(): void {
    for (const watch of this.#watches) watch.end();
  }
  bookmark(): void {
    this.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: this.version } } });
  }
  /** Sends a raw line to every watch. */
  send(line: unknown): void {
    for (const watch of this.#watches) watch.push(line);
  }
  /** Something happens, and no watch is told of it. */
  unnoticed(change: () => void): void {
    const watches = [...this.#watches];
    this.#watches.clear();
    change();
    for (const watch of watches) this.#watches.add(watch);
  }
  repeatLast(): void {
    const last = this.#log.at(-1);
    if (last !== undefined) this.send({ type: last.type, object: last.object });
  }

  /** Restored from a backup, with other content and a version so much lower that it is not made up for; watches are cut. */
  rewind(contents: Readonly<Record<string, number>>): void {
    this.cut();
    this.#version -= 1000;
    this.#compacted = 0;
    this.#log = [];
    this.#snapshots.clear();
    this.#objects.clear();
    for (const [key, value] of Object.entries(contents)) this.put(key, value);
    this.#log = [];
  }

  async request<T>(request: ApiRequest): Promise<ApiResponse<T>> {
    this.requests.push(request);
    this.#refuse();
    const token = request.query?.['continue'];
    const from = token === undefined ? this.#snapshot() : this.#continued(String(token));
    const limit = Number(request.query?.['limit'] ?? 0);
    const items = limit > 0 ? from.rest.slice(0, limit) : from.rest;
    const rest = from.rest.slice(items.length);
    const next = rest.length === 0 ? undefined : `after-${from.version}-${rest.length}`;
    if (next !== undefined) this.#snapshots.set(next, { version: from.version, rest });
    const body = { metadata: { resourceVersion: String(from.version), continue: next }, items };
    return { status: 200, body: structuredClone(body) as T, warnings: [] };
  }

  watch(request: WatchRequest): AsyncIterable<unknown> {
    return { [Symbol.asyncIterator]: () => this.#watch(request) };
  }

  async close(): Promise<void> {
    this.cut();
  }

  #watch(request: WatchRequest): ModelWatch {
    this.watchRequests.push(request);
    const watch = new ModelWatch(() => this.#watches.delete(watch));
    try {
      this.#refuse();
    } catch (error) {
      watch.fail(error);
      return watch;
    }
    const from = Number(request.query?.['resourceVersion']);
    if (from < this.#compacted) {
      watch.push({ type: 'ERROR', object: { code: 410, reason: 'Expired', message: 'too old' } });
      watch.end();
      return watch;
    }
    this.#watches.add(watch);
    // A version of the future: a real server accepts the watch and says nothing.
    if (from > this.#version) {
      this.#clock.after(request.silenceMs, () => watch.fail(new SilentConnectionError('silent')));
    }
    for (const { version, type, object } of this.#log) if (version > from) watch.push({ type, object });
    return watch;
  }

  #snapshot(): Snapshot {
    return { version: this.#version, rest: [...this.#objects.values()] };
  }

  #continued(token: string): Snapshot {
    const found = this.#snapshots.get(token);
    if (found === undefined || found.version < this.#compacted) throw new ApiError(410, 'Expired', 'token expired');
    return found;
  }

  #happened(type: string, object: ModelObject): void {
    this.#log.push({ version: this.#version, type, object });
    this.send({ type, object });
  }

  #refuse(): void {
    switch (this.mode) {
      case 'absent':
        throw new ApiError(404, 'NotFound', 'the server could not find the requested resource');
      case 'forbidden':
        throw new ApiError(403, 'Forbidden', 'not allowed');
      case 'busy':
        throw new ApiError(429, 'TooManyRequests', 'busy', { retryAfterMs: this.retryAfterMs });
      case 'down':
        throw new ConnectionError('refused');
      case 'served':
    }
  }

  #fail(error: unknown): void {
    for (const watch of this.#watches) watch.fail(error);
  }
}
