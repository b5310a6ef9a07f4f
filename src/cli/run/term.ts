import { Transient } from '../../api/errors.ts';
import type { PatchIntent } from '../../api/types.ts';
import type { Settings } from '../../config.ts';
import type { RootIdentity } from '../../kpt/publisher/publisher.ts';
import { Collection } from '../../reconcile/collection/collection.ts';
import type { Deps } from '../../reconcile/deps.ts';
import { keyOfPackage } from '../../reconcile/key.ts';
import { reconcile, reportFailure } from '../../reconcile/reconcile.ts';
import { StatusEchoes } from '../../reconcile/status/echoes.ts';
import { type Controller, DeadlineExceeded, startController } from '../../runtime/controller.ts';
import { OwnWrites } from '../../runtime/own-writes.ts';
import { WorkQueue } from '../../runtime/queue.ts';
import type { Change, ReplacedInfo } from '../../runtime/reflector.ts';
import { startResync } from '../../runtime/resync.ts';
import { dependenciesOf } from './dependencies.ts';
import { doubtOf } from './doubt.ts';
import { asksForRun } from './intents.ts';
import { startSweep } from './sweep.ts';
import type { TermOptions } from './term-options.ts';

/** How long one run may take before its worker is freed. Longer than the slowest healthy disk and API call together. */
const RUN_DEADLINE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The time in which this process is the one that writes. */
export interface Term {
  readonly identity: RootIdentity;
  readonly collection: Collection;
  /** Takes up everything that the store holds. Call it once changes are told to this term, so that none falls in between. */
  begin(): void;
  /** Tells of a change that the store applied. */
  changed(change: Change<PatchIntent>): void;
  /** Tells of a whole list that the store applied, before its changes are told. */
  replaced(info: ReplacedInfo): void;
  /** These intents have to look again, since something beside them moved; `low`: behind all fresh changes. */
  wake(keys: readonly string[], options: { readonly low: boolean }): void;
  /** Tells that the watch showed another version of a policy, or its deletion. */
  policyChanged(name: string): void;
  /** Looks again at once at what waits for the storage: its backoff may have grown to minutes. */
  storageRecovered(): void;
  health(): ReturnType<Controller['health']>;
  /** Ends intake, lets runs under way finish, stops. */
  stop(drainMs: number): Promise<{ readonly drained: boolean }>;
}

/** Claims the root. Call it with a synced store. Throws a `Failure` when the root cannot be claimed. */
export async function startTerm(options: TermOptions): Promise<Term> {
  const { settings, store, publisher, clock, random, log } = options;
  const claimed = await publisher.claim({ takeOver: settings.takeOver, exclusive: !settings.leaderElect });
  if (claimed.tampered.length > 0)
    log.warn({ packages: claimed.tampered.map(keyOfPackage) }, 'tampered packages found');
  const found = await publisher.inventory();
  if (found.foreign.length > 0)
    log.warn(
      { paths: found.foreign.slice(0, 20), count: found.foreign.length },
      'foreign things under the root are left alone',
    );

  const queue = new WorkQueue({ clock, random, metrics: options.metrics.queue });
  const ownWrites = new OwnWrites({ clock });
  const echoes = new StatusEchoes();
  const collection = new Collection({
    clock,
    rules: { count: settings.brakeCount, fraction: settings.brakeFraction, patience: HOUR_MS },
    requeue: (key) => queue.add(key),
    onHeld: options.onHeld,
  });
  const books = options.startBooks();
  const world = { ...options.world, books };
  const deps = dependenciesOf(options, claimed, collection, { ownWrites, echoes, world });
  for (const item of found.packages) collection.published(keyOfPackage(item));

  const controller = work(options, queue, deps);
  const stopResync = startResync({
    intervalMs: settings.resyncIntervalMs,
    clock,
    random,
    keys: () => store.keys(),
    queue,
  });
  const stopSweep = startSweep({ publisher, graceMs: settings.gcGraceMs, clock, log });
  return {
    identity: claimed,
    collection,
    begin() {
      books.begin();
      takeUp(options, queue, collection);
    },
    changed: (change) => onChange(change, { queue, ownWrites, echoes, collection }),
    replaced(info) {
      const doubt = doubtOf(info);
      if (doubt !== undefined) collection.doubtList(doubt);
    },
    wake(keys, { low }) {
      for (const key of keys) if (store.get(key) !== undefined) queue.add(key, { low });
    },
    policyChanged: (name) => books.policyChanged(name),
    storageRecovered() {
      for (const key of store.keys()) if (waitsForStorage(store.get(key))) queue.add(key);
    },
    health: () => controller.health(),
    async stop(drainMs) {
      stopResync();
      stopSweep();
      collection.stop();
      const ended = await controller.stop({ drainMs });
      await books.stop();
      return ended;
    },
  };
}

function takeUp({ settings, store, doubt }: TermOptions, queue: WorkQueue, collection: Collection): void {
  const cause = doubt();
  if (cause !== undefined) collection.doubtList(cause);
  for (const key of store.keys()) queue.add(key, { low: true });
  for (const key of [...collection.keys()])
    if (isWatched(key, settings) && store.get(key) === undefined) collection.absent(key);
}

/** Absence is known only where lists are made: a narrowed set of namespaces says nothing of the others. */
function isWatched(key: string, { watchNamespaces }: Settings): boolean {
  return watchNamespaces.length === 0 || watchNamespaces.includes(key.slice(0, key.indexOf('/')));
}

function onChange(
  { key, type, old, object, initial }: Change<PatchIntent>,
  {
    queue,
    ownWrites,
    echoes,
    collection,
  }: { queue: WorkQueue; ownWrites: OwnWrites; echoes: StatusEchoes; collection: Collection },
): void {
  if (type === 'deleted' || object === undefined) {
    ownWrites.forget(key);
    collection.absent(key);
    return queue.add(key);
  }
  const { resourceVersion } = object.metadata;
  const own = ownWrites.isOwn(key, resourceVersion);
  // A run that was sent away because the store lagged behind our write may go on now.
  if (ownWrites.seen(key, resourceVersion)) queue.add(key);
  else if (!own && asksForRun(old && echoes.isEcho(key, object.status) ? withStatusOf(old, object) : old, object)) {
    queue.add(key, { low: initial });
  }
}

/** Whether the last run ended at the volume. */
function waitsForStorage(intent: PatchIntent | undefined): boolean {
  const reason = intent?.status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
  return reason !== undefined && (reason === 'RootUnusable' || reason.startsWith('Storage'));
}

const withStatusOf = (old: PatchIntent, { status }: PatchIntent): PatchIntent => ({
  ...old,
  ...(status && { status }),
});

function work(options: TermOptions, queue: WorkQueue, deps: Deps): Controller {
  const { settings, log, clock, metrics } = options;
  return startController({
    name: 'patchintent',
    queue,
    workers: settings.workers,
    deadlineMs: RUN_DEADLINE_MS,
    reconcile: (key, { signal, release }) => reconcile(key, deps, signal, release),
    onFailure: (key, error) => reportFailure(key, asTimeout(error), deps, AbortSignal.timeout(RUN_DEADLINE_MS)),
    log,
    clock,
    metrics: metrics.controller,
  });
}

function asTimeout(error: unknown): unknown {
  if (!(error instanceof DeadlineExceeded)) return error;
  return new Transient('ReconcileTimeout', `one run took longer than ${RUN_DEADLINE_MS / 1_000} s`, { cause: error });
}
