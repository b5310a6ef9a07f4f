import type { Clock } from '../platform/clock.ts';
import { type Delayed, DelayHeap } from './delay-heap.ts';

/** `setTimeout` fires at once for more than 2^31 − 1 ms; the timer wakes at least this often and looks again. */
const LONGEST_TIMER_MS = 3_600_000;

/** Entries that come due, on one timer however many they are. `onDue` is called once per entry, earliest first. */
export class DelayTimer<T extends Delayed> {
  readonly #clock: Clock;
  readonly #onDue: (entry: T) => void;
  readonly #heap = new DelayHeap<T>();
  #armedFor = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => {};

  constructor(clock: Clock, onDue: (entry: T) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Makes the entry due at `due` (monotonic milliseconds), whether it was waiting or not. */
  set(entry: T, due: number): void {
    this.#heap.push(entry, due);
    this.#arm();
  }

  /** The entry is no longer to come due. */
  unset(entry: T): void {
    this.#heap.remove(entry);
  }

  clear(): void {
    this.#cancel();
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.#heap.clear();
  }

  /** The timer may fire early (the entry that it was armed for has left, or the wait was cut) and is then armed anew. */
  #arm(): void {
    const first = this.#heap.peek();
    if (first === undefined || first.due >= this.#armedFor) return;
    this.#cancel();
    this.#armedFor = first.due;
    const ms = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(first.due - this.#clock.monotonic())));
    this.#cancel = this.#clock.after(ms, () => this.#fire());
  }

  #fire(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    for (let entry = this.#heap.popDue(now); entry !== undefined; entry = this.#heap.popDue(now)) this.#onDue(entry);
    this.#arm();
  }
}
