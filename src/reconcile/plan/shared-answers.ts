import type { Clock } from '../../platform/clock.ts';

interface Kept<T> {
  readonly answer: Promise<T>;
  /** When it came, by the monotonic clock. Undefined while the question is under way. */
  at: number | undefined;
}

/**
 * Answers that many ask for: one question under way at a time for each key, and its answer kept for who asks next. A question
 * that fails is forgotten. It belongs to nobody, so it goes on when one who waits for it gives up. At most `most` answers are
 * kept; the one that was asked for longest ago goes first.
 */
export class SharedAnswers<T> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #most: number;
  readonly #kept = new Map<string, Kept<T>>();

  constructor(clock: Pick<Clock, 'monotonic'>, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** An answer that is at most `maxAgeMs` old. Rejects as `ask` does, or with the reason of the signal. */
  get(key: string, maxAgeMs: number, ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return unlessAborted(this.#shared(key, maxAgeMs, ask), signal);
  }

  #shared(key: string, maxAgeMs: number, ask: () => Promise<T>): Promise<T> {
    const present = this.#kept.get(key);
    this.#kept.delete(key);
    const kept = present !== undefined && this.#isFresh(present, maxAgeMs) ? present : this.#ask(key, ask);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#most && oldest !== undefined) this.#kept.delete(oldest);
    return kept.answer;
  }

  #isFresh({ at }: Kept<T>, maxAgeMs: number): boolean {
    return at === undefined || this.#clock.monotonic() - at < maxAgeMs;
  }

  #ask(key: string, ask: () => Promise<T>): Kept<T> {
    const kept: Kept<T> = { answer: ask(), at: undefined };
    kept.answer.then(
      () => {
        kept.at = this.#clock.monotonic();
      },
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return kept;
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
