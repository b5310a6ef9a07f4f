import { DecodeError } from '../platform/kubernetes/client.ts';
import { bookmarkVersion, eventOf, metaOf, type ObjectEvent } from './reflector-decode.ts';
import { isBehind, type Listed, type Undecodable } from './reflector-list.ts';
import type { Gap } from './reflector-step.ts';
import type { ReflectorOptions } from './reflector-types.ts';
import { compareVersions, type StoreChange, type StoredObject } from './store.ts';

export interface SeenGap {
  readonly gap: Gap;
  readonly message: string;
}

/** What a reflector has seen: applies lists and events to the store, tells the changes, and knows up to which version. */
export class View<T extends StoredObject> {
  readonly #options: ReflectorOptions<T>;
  /** Version of each present object that `project` refused. */
  #undecodable = new Map<string, string>();
  #version: string | undefined;
  #synced = false;
  #lastContact: number;
  #oneHistory: boolean | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#lastContact = options.clock.monotonic();
  }

  get synced(): boolean {
    return this.#synced;
  }
  get resourceVersion(): string | undefined {
    return this.#version;
  }
  get lastContact(): number {
    return this.#lastContact;
  }
  get undecodable(): readonly string[] {
    return [...this.#undecodable.keys()];
  }

  /** Notes that the server was heard of. */
  touch(): void {
    this.#lastContact = this.#options.clock.monotonic();
  }

  /** Makes the store equal to a full list. `seenElsewhere`: highest version of other kinds when the list began. */
  replace(listed: Listed<T>, kindWasAbsent: boolean, seenElsewhere?: string): void {
    const { store, namespace, onReplaced } = this.#options;
    const rewound = this.#isRewound(listed.resourceVersion, seenElsewhere);
    const before = this.#undecodable;
    this.#undecodable = new Map();
    for (const [key, found] of listed.undecodable) this.#refuse(key, found, before.get(key));
    const changes = store.replace(listed.items, { namespace, keep: new Set(listed.undecodable.keys()), rewound });
    const initial = !this.#synced;
    this.#version = listed.resourceVersion;
    this.#synced = true;
    this.#guarded(() => onReplaced?.({ resourceVersion: listed.resourceVersion, rewound, kindWasAbsent }));
    this.#tell(changes, initial);
  }

  #isRewound(version: string, seenElsewhere: string | undefined): boolean {
    const behindOthers = isBehind(version, seenElsewhere);
    // Kinds that are kept in another etcd count another history: that shows at the first comparison.
    if (seenElsewhere !== undefined) this.#oneHistory ??= !behindOthers;
    return isBehind(version, this.#version) || (behindOthers && this.#oneHistory === true);
  }

  /** Applies one watch line. Returns the gap that it reveals, after which the stream is of no more use. */
  take(line: unknown): SeenGap | undefined {
    this.touch();
    try {
      const event = eventOf(line);
      this.#options.metrics?.event(event.type);
      if (event.type === 'ERROR')
        return { gap: event.code === 410 ? 'expired' : 'error-event', message: event.message };
      if (event.type === 'BOOKMARK') return this.#bookmark(bookmarkVersion(event.object));
      return this.#apply(event);
    } catch (error) {
      if (error instanceof DecodeError) return { gap: 'undecodable-line', message: error.message };
      throw error;
    }
  }

  #bookmark(version: string): undefined {
    const order = this.#version === undefined ? 1 : compareVersions(version, this.#version);
    if (order === undefined || order > 0) this.#version = version;
  }

  #apply(event: ObjectEvent): SeenGap | undefined {
    const { key, resourceVersion } = metaOf(event.object);
    const order = this.#version === undefined ? 1 : compareVersions(resourceVersion, this.#version);
    // Events of one kind come in the order of their versions: the same again is a repetition, an older one a disorder
    // in which something else may be missing.
    if (order === 0) return undefined;
    if (order !== undefined && order < 0) {
      return { gap: 'out-of-order', message: `an event of version ${resourceVersion} came after ${this.#version}` };
    }
    const changes = event.type === 'DELETED' ? this.#delete(key) : this.#upsert(key, resourceVersion, event.object);
    this.#version = resourceVersion;
    this.#tell(changes, false);
    return undefined;
  }

  #delete(key: string): readonly StoreChange<T>[] {
    this.#undecodable.delete(key);
    return this.#options.store.delete(key);
  }

  #upsert(key: string, resourceVersion: string, raw: unknown): readonly StoreChange<T>[] {
    let object: T;
    try {
      object = this.#options.project(raw);
    } catch (error) {
      this.#refuse(key, { resourceVersion, error }, undefined);
      return [];
    }
    if (this.#undecodable.size > 0) this.#undecodable.delete(key);
    return this.#options.store.upsert(object);
  }

  #refuse(key: string, { resourceVersion, error }: Undecodable, toldVersion: string | undefined): void {
    this.#undecodable.set(key, resourceVersion);
    if (toldVersion === resourceVersion) return;
    this.#options.metrics?.undecodable();
    this.#guarded(() => this.#options.onUndecodable?.(key, error));
  }

  #tell(changes: readonly StoreChange<T>[], initial: boolean): void {
    for (const change of changes) this.#guarded(() => this.#options.onChange({ ...change, initial }));
  }

  /** A listener that throws is our own bug; it must not stop the others, and another list would not cure it. */
  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#options.log.error({ path: this.#options.path, error: String(error) }, 'a listener of the reflector threw');
    }
  }
}
