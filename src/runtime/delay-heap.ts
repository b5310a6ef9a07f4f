/** What a heap entry carries. The heap owns both fields; `slot` is −1 while the entry is not in a heap. */
export interface Delayed {
  /** Monotonic milliseconds at which the entry is due. */
  due: number;
  slot: number;
}

/**
 * A binary heap by `due` that knows where each entry sits, so that an entry can leave early: push, remove and pop
 * are O(log n), and an entry is in it at most once.
 */
export class DelayHeap<T extends Delayed> {
  readonly #entries: T[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** The entry that is due first. */
  peek(): T | undefined {
    return this.#entries[0];
  }

  /** Adds the entry, or moves it when it is in already. */
  push(entry: T, due: number): void {
    entry.due = due;
    if (entry.slot >= 0) {
      this.#up(entry.slot);
      this.#down(entry.slot);
      return;
    }
    entry.slot = this.#entries.length;
    this.#entries.push(entry);
    this.#up(entry.slot);
  }

  /** Takes the entry out, if it is in. */
  remove(entry: T): void {
    const slot = entry.slot;
    if (slot < 0) return;
    entry.slot = -1;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#place(last, slot);
    this.#up(slot);
    this.#down(last.slot);
  }

  /** Takes out the first entry when it is due at `now`. */
  popDue(now: number): T | undefined {
    const first = this.#entries[0];
    if (first === undefined || first.due > now) return undefined;
    this.remove(first);
    return first;
  }

  clear(): void {
    for (const entry of this.#entries) entry.slot = -1;
    this.#entries.length = 0;
  }

  #place(entry: T, slot: number): void {
    this.#entries[slot] = entry;
    entry.slot = slot;
  }

  #up(start: number): void {
    const entry = this.#entries[start];
    if (entry === undefined) return;
    let slot = start;
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      const parent = this.#entries[above];
      if (parent === undefined || parent.due <= entry.due) break;
      this.#place(parent, slot);
      slot = above;
    }
    this.#place(entry, slot);
  }

  #down(start: number): void {
    const entry = this.#entries[start];
    if (entry === undefined) return;
    let slot = start;
    for (;;) {
      const below = this.#earlierChild(slot);
      const child = this.#entries[below];
      if (child === undefined || child.due >= entry.due) break;
      this.#place(child, slot);
      slot = below;
    }
    this.#place(entry, slot);
  }

  #earlierChild(slot: number): number {
    const left = 2 * slot + 1;
    const leftDue = this.#entries[left]?.due ?? Number.POSITIVE_INFINITY;
    const rightDue = this.#entries[left + 1]?.due ?? Number.POSITIVE_INFINITY;
    return rightDue < leftDue ? left + 1 : left;
  }
}
