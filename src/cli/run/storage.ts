import type { CheckResult } from '../../http/probes.ts';
import type { Publisher } from '../../kpt/publisher/publisher.ts';
import { type Clock, sleep } from '../../platform/clock.ts';
import type { Volume } from '../../platform/files/files.ts';
import type { Log } from '../../platform/log.ts';
import type { Random } from '../../platform/random.ts';
import { asFailure } from '../../reconcile/outcome.ts';
import { backoffMs } from '../../runtime/backoff.ts';

export interface StorageWatchOptions {
  readonly publisher: Pick<Publisher, 'selfTest' | 'volume' | 'headRoom'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: { volume(volume: Volume): void; usable(isUsable: boolean): void };
  /** The root is usable again after it was not: what waits for it need not wait any longer. */
  readonly onRecovered: () => void;
}

export interface StorageWatch {
  /** Resolves once the self-test published and removed its probe package. */
  whenTested(signal: AbortSignal): Promise<unknown>;
  check(): CheckResult;
  stop(): void;
}

const EVERY_MS = 10_000;

/** Tests the root at the start until it works, then looks at its room every ten seconds (reading only). */
export function startStorageWatch(options: StorageWatchOptions): StorageWatch {
  const { publisher, clock, random, log, metrics } = options;
  const halt = new AbortController();
  const tested = Promise.withResolvers<void>();
  const state: { result: CheckResult } = { result: { ok: false, detail: 'the self-test has not ended yet' } };
  const told = (error: unknown, message: string): void => {
    if (halt.signal.aborted) return;
    const failure = asFailure(error);
    const detail = `${failure.reason}: ${failure.message}`;
    if (state.result.detail !== detail) log.error({ reason: failure.reason, error: failure.message }, message);
    state.result = { ok: false, detail };
    metrics.usable(false);
  };
  // Of a full volume the numbers are worth most: they are told whether there is room or not.
  const look = (): Promise<void> => publisher.volume().then(metrics.volume, () => {});
  const run = async (): Promise<void> => {
    for (let tries = 0; ; tries += 1) {
      try {
        const { rootId } = await publisher.selfTest();
        log.info({ root: rootId }, 'self-test passed: a probe package was published and removed');
        break;
      } catch (error) {
        told(error, 'self-test failed');
        await look();
        await sleep(clock, backoffMs(tries, { baseMs: 500, maxMs: 15_000 }, random), halt.signal);
      }
    }
    tested.resolve();
    for (;;) {
      await look();
      await publisher.headRoom().then(
        ({ availableBytes }) => {
          const recovered = !state.result.ok;
          metrics.usable(true);
          state.result = { ok: true, detail: `${availableBytes} bytes available` };
          if (recovered) options.onRecovered();
        },
        (error: unknown) => told(error, 'the package root is not usable'),
      );
      await sleep(clock, EVERY_MS, halt.signal);
    }
  };
  // Only the stop ends the loop.
  run().catch(() => {});
  return {
    whenTested: (signal) => Promise.race([tested.promise, aborted(signal)]),
    check: () => state.result,
    stop: () => halt.abort(),
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
