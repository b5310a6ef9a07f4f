import type { PatchIntent } from '../../api/types.ts';
import type { Clock } from '../../platform/clock.ts';
import type { KubeClient } from '../../platform/kubernetes/client.ts';
import type { Log } from '../../platform/log.ts';
import type { Random } from '../../platform/random.ts';
import { collectionPath } from '../../reconcile/intent-api.ts';
import { projectIntent } from '../../reconcile/project.ts';
import {
  type Change,
  type Reflector,
  type ReflectorMetrics,
  type ReplacedInfo,
  startReflector,
} from '../../runtime/reflector.ts';
import type { Store } from '../../runtime/store.ts';
import { every } from './every.ts';

export interface IntentWatchOptions {
  readonly client: KubeClient;
  readonly store: Store<PatchIntent>;
  /** Empty: all namespaces by one stream. Otherwise one stream each. */
  readonly namespaces: readonly string[];
  /** How often a whole list repairs what a stream may have lost without a trace. */
  readonly relistMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly highestSeen: () => string | undefined;
  readonly metrics: ReflectorMetrics;
  readonly onChange: (change: Change<PatchIntent>) => void;
  readonly onReplaced: (info: ReplacedInfo) => void;
}

export interface IntentWatch {
  readonly reflectors: readonly Reflector[];
  /** Reads everything anew, soon. */
  relist(): void;
  whenSynced(signal: AbortSignal): Promise<unknown>;
  stop(): Promise<unknown>;
}

/** Watches the intents of the given namespaces into one store. */
export function startIntentWatch(options: IntentWatchOptions): IntentWatch {
  const { client, store, clock, random, log, metrics } = options;
  const scopes = options.namespaces.length === 0 ? [undefined] : options.namespaces;
  const reflectors = scopes.map((namespace) =>
    startReflector<PatchIntent>({
      client,
      path: collectionPath(namespace),
      ...(namespace === undefined ? {} : { namespace }),
      project: projectIntent,
      store,
      clock,
      random,
      log: namespace === undefined ? log : log.child({ namespace }),
      metrics,
      highestSeen: options.highestSeen,
      onChange: options.onChange,
      onReplaced: options.onReplaced,
    }),
  );
  const relist = (): void => {
    for (const reflector of reflectors) reflector.relist();
  };
  const cancel = every({ ms: options.relistMs, clock, random }, relist);
  return {
    reflectors,
    relist,
    whenSynced: (signal) => Promise.all(reflectors.map((reflector) => reflector.whenSynced(signal))),
    stop: () => {
      cancel();
      return Promise.all(reflectors.map((reflector) => reflector.stop()));
    },
  };
}
