import { compareVersions } from './store.ts';

/**
 * The highest resourceVersion seen in some answers. Versions of all kinds count one history, so a list that comes back lower
 * than an object of another kind that was seen before it began tells of a restored etcd; and so does a single object whose
 * own version went down.
 */
export class Timeline {
  #highest: string | undefined;

  get highest(): string | undefined {
    return this.#highest;
  }

  /** Notes a version. True when it is lower than one before: the history went back. */
  note(version: string | undefined): boolean {
    if (version === undefined) return false;
    const order = this.#highest === undefined ? 1 : compareVersions(version, this.#highest);
    if (order === undefined) return false;
    if (order > 0) this.#highest = version;
    return order < 0;
  }

  /** A new history begins here. */
  restart(version: string | undefined): void {
    this.#highest = version;
  }
}
