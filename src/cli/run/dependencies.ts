import type { RootIdentity } from '../../kpt/publisher/publisher.ts';
import type { Collection } from '../../reconcile/collection/collection.ts';
import type { Deps } from '../../reconcile/deps.ts';
import type { World } from '../../reconcile/permit/world.ts';
import type { StatusEchoes } from '../../reconcile/status/echoes.ts';
import type { OwnWrites } from '../../runtime/own-writes.ts';
import { createPacer } from './pacer.ts';
import type { TermOptions } from './term-options.ts';

/** Packages published again after a failover: fast enough for thousands in a minute, slow enough to leave room for changes. */
const REPUBLISH_PER_SECOND = 100;

/** What the runs of one term are given. */
export function dependenciesOf(
  options: TermOptions,
  claimed: RootIdentity,
  collection: Collection,
  { ownWrites, echoes, world }: { readonly ownWrites: OwnWrites; readonly echoes: StatusEchoes; readonly world: World },
): Deps {
  const { settings, store, api, deadline, clock } = options;
  const pacer = createPacer(clock, REPUBLISH_PER_SECOND, REPUBLISH_PER_SECOND);
  return {
    intents: store,
    ownWrites,
    ownWriteWaitMs: 50,
    api,
    world,
    publisher: options.writer,
    collection,
    reporter: {
      echoes,
      api,
      wrote: (key, version) => ownWrites.wrote(key, version, store.get(key)?.metadata.resourceVersion),
      mayWrite: () => deadline.mayWrite(),
    },
    events: options.events,
    rules: { allowedTargetNamespaces: new Set(settings.allowedTargetNamespaces), strictMode: settings.strictMode },
    rootId: () => claimed.rootId,
    isRepublication: ({ status, metadata }) =>
      status?.package !== undefined &&
      status.package.root !== claimed.rootId &&
      status.observedGeneration === metadata.generation,
    republishWaitMs: (key) => pacer.take(key),
    leadershipLost: options.onLeadershipLost,
    clock,
    log: options.log,
    metrics: options.metrics.reconcile,
  };
}
