/** What the store must know of an object. `namespace` is absent for cluster-scoped kinds. */
export interface StoredObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

export interface StoreChange<T> {
  readonly key: string;
  readonly type: 'added' | 'updated' | 'deleted';
  readonly old?: T;
  readonly object?: T;
}

export interface ReplaceOptions {
  /** Only objects of this namespace can be missing; those of others stay. Default: all. */
  readonly namespace?: string | undefined;
  /** Keys that exist on the server although they are not among the items: they stay as they are. */
  readonly keep?: ReadonlySet<string>;
  /** True when versions went back on the server: an equal resourceVersion is then no proof of equal content. */
  readonly rewound?: boolean;
}

export type Indexes<T> = Readonly<Record<string, (object: T) => readonly string[]>>;

/** `namespace/name`, or the name alone for a cluster-scoped object. */
export function keyOf(metadata: { readonly namespace?: string | undefined; readonly name: string }): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

/**
 * The objects of one kind as last seen, by key, with named indexes. An object that comes with another uid is told as the
 * deletion of the old one and the addition of the new one. Holds the objects it is given: give it only what is used.
 */
export class Store<T extends StoredObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes: ReadonlyMap<string, Index<T>>;

  constructor(indexes: Indexes<T> = {}) {
    this.#indexes = new Map(Object.entries(indexes).map(([name, valuesOf]) => [name, new Index(valuesOf)]));
  }

  get size(): number {
    return this.#objects.size;
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** Objects for which the index function named `value`. Throws RangeError for an index that was not declared. */
  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new RangeError(`the store has no index '${name}'`);
    const keys = index.keys(value);
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Takes an object in. No change when it is there in this version, or in a newer one. */
  upsert(object: T): readonly StoreChange<T>[] {
    const old = this.#objects.get(keyOf(object.metadata));
    if (old !== undefined && old.metadata.uid === object.metadata.uid) {
      const order = compareVersions(object.metadata.resourceVersion, old.metadata.resourceVersion);
      if (order !== undefined && order <= 0) return [];
    }
    return this.#put(object);
  }

  /** Forgets an object. */
  delete(key: string): readonly StoreChange<T>[] {
    const old = this.#objects.get(key);
    if (old === undefined) return [];
    this.#objects.delete(key);
    for (const index of this.#indexes.values()) index.move(key, old, undefined);
    return [{ key, type: 'deleted', old }];
  }

  /**
   * Makes the store equal to a whole list, with the deletions that nobody told of. All of it happens before this
   * returns, so that nobody sees a half replaced store. Deletions come first.
   */
  replace(items: Iterable<T>, options: ReplaceOptions = {}): readonly StoreChange<T>[] {
    const fresh = new Map<string, T>();
    for (const item of items) fresh.set(keyOf(item.metadata), item);
    const changes: StoreChange<T>[] = [];
    for (const [key, old] of this.#objects) {
      if (fresh.has(key) || options.keep?.has(key)) continue;
      if (options.namespace !== undefined && old.metadata.namespace !== options.namespace) continue;
      changes.push(...this.delete(key));
    }
    for (const [key, item] of fresh) {
      const old = this.#objects.get(key);
      if (options.rewound !== true && old !== undefined && sameVersion(old, item)) continue;
      changes.push(...this.#put(item));
    }
    return changes;
  }

  #put(object: T): readonly StoreChange<T>[] {
    const key = keyOf(object.metadata);
    const old = this.#objects.get(key);
    const changes: StoreChange<T>[] = [];
    if (old === undefined) changes.push({ key, type: 'added', object });
    else if (old.metadata.uid === object.metadata.uid) changes.push({ key, type: 'updated', old, object });
    else changes.push({ key, type: 'deleted', old }, { key, type: 'added', object });
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) index.move(key, old, object);
    return changes;
  }
}

const sameVersion = (a: StoredObject, b: StoredObject): boolean =>
  a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;

/**
 * Negative, zero or positive as `a` is older than, equal to or newer than `b`; undefined where they cannot be compared.
 * Versions of one kind are decimal numbers that grow (KEP-5504), longer than a JavaScript number can hold.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return undefined;
  // Decimals without leading zeros order by length, then by text: BigInt's answer without its cost per event.
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

const DECIMAL = /^[1-9]\d{0,38}$/;

class Index<T> {
  readonly #valuesOf: (object: T) => readonly string[];
  /** Most values name one object only, for which a set would cost more than the object itself. */
  readonly #keys = new Map<string, string | Set<string>>();

  constructor(valuesOf: (object: T) => readonly string[]) {
    this.#valuesOf = valuesOf;
  }

  keys(value: string): Iterable<string> {
    const keys = this.#keys.get(value) ?? [];
    return typeof keys === 'string' ? [keys] : keys;
  }

  move(key: string, from: T | undefined, to: T | undefined): void {
    if (from !== undefined) for (const value of this.#valuesOf(from)) this.#remove(value, key);
    if (to !== undefined) for (const value of this.#valuesOf(to)) this.#add(value, key);
  }

  #add(value: string, key: string): void {
    const keys = this.#keys.get(value);
    if (keys === undefined || keys === key) this.#keys.set(value, key);
    else if (typeof keys === 'string') this.#keys.set(value, new Set([keys, key]));
    else keys.add(key);
  }

  #remove(value: string, key: string): void {
    const keys = this.#keys.get(value);
    if (keys === key) this.#keys.delete(value);
    else if (keys instanceof Set && keys.delete(key) && keys.size === 0) this.#keys.delete(value);
  }
}
