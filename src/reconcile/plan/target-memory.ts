import type { Labels, Unknown } from '../../policy/input.ts';
import type { Owner } from '../../policy/owner.ts';

/** What is remembered of the metadata of a target. */
export interface Remembered {
  readonly generation?: number;
  readonly labels: Labels | Unknown;
  readonly owner?: Owner;
  /** When it could not be read for want of rights, by the monotonic clock. */
  readonly forbiddenAt?: number;
}

/** Which state of which object. */
export interface Version {
  readonly uid: string;
  readonly resourceVersion: string;
}

interface Entry extends Version {
  readonly remembered: Remembered;
}

/** Metadata of targets by their version, so that it is read again only when it has moved. */
export class TargetMemory {
  readonly #most: number;
  readonly #entries = new Map<string, Entry>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Undefined where the target is another one now, or another version. */
  get(key: string, { uid, resourceVersion }: Version): Remembered | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.uid !== uid || entry.resourceVersion !== resourceVersion) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.remembered;
  }

  set(key: string, { uid, resourceVersion }: Version, remembered: Remembered): void {
    this.#entries.delete(key);
    this.#entries.set(key, { uid, resourceVersion, remembered });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#most && oldest !== undefined) this.#entries.delete(oldest);
  }
}
