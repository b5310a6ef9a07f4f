import type { PatchIntent } from '../../api/types.ts';
import type { Settings } from '../../config.ts';
import type { Publisher } from '../../kpt/publisher/publisher.ts';
import type { Clock } from '../../platform/clock.ts';
import type { KubeClient } from '../../platform/kubernetes/client.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Random } from '../../platform/random.ts';
import { createIntentApi } from '../../reconcile/intent-api.ts';
import { startEvents } from '../../runtime/events.ts';
import { Store } from '../../runtime/store.ts';
import { Timeline } from '../../runtime/timeline.ts';
import { DoubtMemory } from './doubt.ts';
import { heldReporter } from './held.ts';
import { countOnScrape, timedPublisher, watchInstrument } from './instruments.ts';
import { startLeadership } from './leadership.ts';
import { createWriteDeadline } from './lease-clock.ts';
import { permissionRooms } from './permission-rooms.ts';
import { startServers } from './servers.ts';
import { startStorageWatch } from './storage.ts';
import { INTENT_INDEXES, startSurroundings } from './surroundings/surroundings.ts';
import { startTerm } from './term.ts';
import { startIntentWatch } from './watch.ts';

/** Why the operator ended by itself. */
export interface Ended {
  readonly cause: 'lease-lost';
  readonly why: string;
}

export interface OperatorOptions {
  readonly settings: Settings;
  readonly client: KubeClient;
  readonly publisher: Publisher;
  /** Unique among replicas; names the holder of the Lease and the reporter of Events. */
  readonly identity: string;
  readonly leaseNamespace: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Operator {
  /** Ports that were bound; undefined where a server is switched off. */
  readonly ports: { readonly probes: number | undefined; readonly metrics: number | undefined };
  /** Resolves when the operator may not go on: only the loss of the lease does that. */
  readonly ended: Promise<Ended>;
  /** Unready, stop intake, drain, flush, release; resolves when all is closed. */
  stop(): Promise<void>;
}

const DRAIN_MS = 15_000;
const FLUSH_MS = 2_000;

/**
 * Wires one operator and starts it. Nothing an object, a disk or the API server does ends it. Rejects only when a server
 * cannot bind its address.
 */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { settings, client, publisher, clock, random, log, metrics } = options;
  const ended = Promise.withResolvers<Ended>();
  const store = new Store<PatchIntent>(INTENT_INDEXES);
  const events = startEvents({
    client,
    reportingController: 'patchgen.dev/operator',
    reportingInstance: options.identity,
    clock,
    random,
    log,
    metrics: metrics.events,
  });
  const deadline = createWriteDeadline({
    monotonic: () => clock.monotonic(),
    hrtime: () => process.hrtime.bigint(),
    tell: (nanoseconds) => publisher.setLeaseDeadline(nanoseconds),
  });
  const storage = startStorageWatch({
    publisher,
    clock,
    random,
    log,
    metrics: metrics.storage,
    onRecovered: () => leadership.term()?.storageRecovered(),
  });
  const doubts = new DoubtMemory();
  const timeline = new Timeline();
  const leases = new Timeline();
  const around = startSurroundings({
    settings,
    client,
    intents: store,
    clock,
    random,
    log,
    metrics: metrics.surroundings,
    highestSeen: () => timeline.highest,
    isLeading: () => leadership.term() !== undefined,
    onWake: (keys, how) => leadership.term()?.wake(keys, how),
    onPolicyChange: (name) => leadership.term()?.policyChanged(name),
  });
  const watch = startIntentWatch({
    client,
    store,
    namespaces: settings.watchNamespaces,
    relistMs: settings.resyncIntervalMs,
    clock,
    random,
    log,
    metrics: watchInstrument(metrics.watch, (missing) =>
      (leadership.term()?.collection ?? doubts).kindIsMissing(missing),
    ),
    onChange: (change) => {
      around.intentChanged(change);
      leadership.term()?.changed(change);
    },
    highestSeen: () => timeline.highest,
    onReplaced: (info) => {
      if (info.rewound) timeline.restart(info.resourceVersion);
      else timeline.note(info.resourceVersion);
      (leadership.term() ?? doubts).replaced(info);
    },
  });
  const leadership = startLeadership({
    ...options,
    metrics: metrics.elector,
    deadline,
    ready: (signal) => Promise.all([storage.whenTested(signal), watch.whenSynced(signal), around.whenSettled(signal)]),
    onLease: ({ metadata, spec }) => {
      metrics.elector.transitions(spec?.leaseTransitions ?? 0);
      timeline.note(metadata.resourceVersion);
      // A Lease that went back in time: so did everything else, and the watch may not tell.
      if (leases.note(metadata.resourceVersion)) {
        leases.restart(metadata.resourceVersion);
        watch.relist();
        around.relist();
      }
      leadership.term()?.collection.confirm(metadata.annotations?.['patchgen.dev/confirm-collection']);
    },
    onLost: (why) => {
      deadline.set(0);
      ended.resolve({ cause: 'lease-lost', why });
    },
    startTerm: () =>
      startTerm({
        ...options,
        writer: timedPublisher(publisher, metrics.publisher, clock),
        store,
        deadline,
        api: createIntentApi(client, () => deadline.mayWrite()),
        events,
        metrics: metrics.term,
        ...permissionRooms({ ...options, around, events, mayWrite: () => deadline.mayWrite() }),
        doubt: () => doubts.cause,
        onHeld: heldReporter({ ...options, events, metrics: metrics.held }),
        onLeadershipLost: (why) => leadership.lost(why),
      }),
  });
  countOnScrape(metrics, { store, policies: around.policyObjects, watch, leadership, publisher, clock });
  /** Drain, flush, release; resolves when all but the servers is closed. */
  const windDown = async (): Promise<void> => {
    await leadership.stop(DRAIN_MS);
    await events.flush(FLUSH_MS);
    await leadership.release();
    await Promise.all([watch.stop(), around.stop(), events.stop()]);
    storage.stop();
    await publisher.close();
    await client.close();
  };
  const servers = await startServers({ ...options, watch, storage, leadership, store }).catch(
    async (error: unknown) => {
      // Nobody could probe what would go on working here.
      await windDown();
      throw error;
    },
  );
  const stop = async (): Promise<void> => {
    servers.drain();
    await windDown();
    await servers.stop();
  };
  return { ports: servers.ports, ended: ended.promise, stop };
}
