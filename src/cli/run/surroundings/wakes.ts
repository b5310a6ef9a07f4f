import type { Clock } from '../../../platform/clock.ts';
import type { SurroundingsOptions } from './surroundings-types.ts';

export type WakesOptions = Pick<SurroundingsOptions, 'isLeading' | 'onWake'> & { readonly clock: Clock };

/**
 * At which pace intents look again after an edit that touches many: slow enough to leave most of the API server's and our own
 * time to fresh changes (at most so many status writes a second), fast enough for 5,000 intents in half a minute.
 */
export const WAKES_PER_SECOND = 200;
const TICK_MS = 100;
/** So few are no storm. */
const AT_ONCE = 100;

/** Who has to look again, now or at a steady pace. A key that waits for its turn waits once, however often it is added. */
export class Wakes {
  readonly #options: WakesOptions;
  readonly #waiting = new Set<string>();
  #cancel: (() => void) | undefined;

  constructor(options: WakesOptions) {
    this.#options = options;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** At once, before everything that waits its turn. */
  now(keys: readonly string[]): void {
    if (keys.length === 0 || !this.#options.isLeading()) return;
    for (const key of keys) this.#waiting.delete(key);
    this.#options.onWake(keys, { low: false });
  }

  /** Each in its turn, at the pace. */
  inTurn(keys: readonly string[]): void {
    if (!this.#options.isLeading()) return;
    for (const key of keys) this.#waiting.add(key);
    if (this.#waiting.size > 0 && this.#cancel === undefined) this.#tick();
  }

  /** At once where they are few, else in turn. */
  soon(keys: readonly string[]): void {
    if (keys.length <= AT_ONCE) this.now(keys);
    else this.inTurn(keys);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#waiting.clear();
  }

  #tick(): void {
    this.#cancel = undefined;
    // What the next term has to do, it finds by itself.
    if (!this.#options.isLeading()) return this.#waiting.clear();
    const keys: string[] = [];
    for (const key of this.#waiting) {
      if (keys.length >= (WAKES_PER_SECOND * TICK_MS) / 1_000) break;
      keys.push(key);
      this.#waiting.delete(key);
    }
    if (keys.length === 0) return;
    this.#options.onWake(keys, { low: true });
    this.#cancel = this.#options.clock.after(TICK_MS, () => this.#tick());
  }
}
