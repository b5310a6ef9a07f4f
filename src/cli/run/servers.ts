import type { PatchIntent } from '../../api/types.ts';
import type { Settings } from '../../config.ts';
import { startMetricsServer } from '../../http/metrics-server.ts';
import { type CheckResult, type Checks, startProbes } from '../../http/probes.ts';
import type { Publisher } from '../../kpt/publisher/publisher.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Store } from '../../runtime/store.ts';
import type { Leadership } from './leadership.ts';
import type { StorageWatch } from './storage.ts';
import type { IntentWatch } from './watch.ts';

export interface ServersOptions {
  readonly settings: Settings;
  readonly publisher: Pick<Publisher, 'health'>;
  readonly watch: IntentWatch;
  readonly storage: StorageWatch;
  readonly leadership: Leadership;
  readonly store: Store<PatchIntent>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Servers {
  readonly ports: { readonly probes: number | undefined; readonly metrics: number | undefined };
  /** From now on not ready: traffic and rollouts go elsewhere. */
  drain(): void;
  stop(): Promise<void>;
}

/** A publisher call that hangs for longer fails liveness. */
const HUNG_PUBLISHER_MS = 120_000;
const ok = (detail: string): CheckResult => ({ ok: true, detail });
const bad = (detail: string): CheckResult => ({ ok: false, detail });

/** Serves probes and metrics. Every check reads what is known already, so a probe never waits for a disk or the API. */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const { settings, log, metrics } = options;
  const state = { draining: false };
  const ready = readyChecks(options, () => state.draining);
  metrics.onScrape(() => metrics.state.ready(Object.values(ready).every((check) => check().ok)));
  const probes = await startProbes({
    address: settings.healthProbeBindAddress,
    checks: { live: liveChecks(options), ready },
    log,
  });
  const scrape = await startMetricsServer({ address: settings.metricsBindAddress, metrics, log }).catch(
    async (error: unknown) => {
      await probes.stop();
      throw error;
    },
  );
  return {
    ports: { probes: probes.port, metrics: scrape.port },
    drain: () => {
      state.draining = true;
    },
    async stop() {
      await Promise.all([probes.stop(), scrape.stop()]);
    },
  };
}

function liveChecks({ settings, publisher, leadership }: ServersOptions): Checks {
  return {
    'event-loop': () => ok('this answer came from it'),
    workers: () => {
      const overdue = leadership.term()?.health().overdue ?? [];
      const many = overdue.length >= settings.workers;
      const detail =
        overdue.length === 0 ? 'no run is overdue' : `${overdue.length} runs are overdue, such as ${overdue[0]}`;
      return many ? bad(detail) : ok(detail);
    },
    publisher: () => {
      const { threadAlive, oldestCallMs } = publisher.health();
      if (!threadAlive) return bad('the publisher thread ended and did not come back');
      if (oldestCallMs > HUNG_PUBLISHER_MS)
        return bad(`a publisher call has not been answered for ${Math.round(oldestCallMs / 1_000)} s`);
      return ok('the publisher thread answers');
    },
  };
}

function readyChecks(
  { watch, storage, leadership, store }: ServersOptions,
  draining: () => boolean,
): Readonly<Record<string, () => CheckResult>> {
  return {
    shutdown: () => (draining() ? bad('shutting down') : ok('not shutting down')),
    caches: () => {
      const unsynced = watch.reflectors.find(({ synced }) => !synced);
      if (unsynced === undefined) return ok(`${store.size} intents`);
      return bad(
        `the intents are not listed yet: ${unsynced.state}${unsynced.lastError === undefined ? '' : `: ${unsynced.lastError}`}`,
      );
    },
    storage: () => storage.check(),
    root: () => {
      const problem = leadership.problem();
      if (problem !== undefined) return bad(`the package root cannot be claimed: ${problem}`);
      return ok(leadership.state() === 'leading' ? 'leading' : 'standing by');
    },
  };
}
