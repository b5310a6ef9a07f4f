import type { PatchIntent } from '../../api/types.ts';
import type { Settings } from '../../config.ts';
import type { Publisher } from '../../kpt/publisher/publisher.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Random } from '../../platform/random.ts';
import type { Held } from '../../reconcile/collection/collection.ts';
import type { Deps, ReconcileMetrics } from '../../reconcile/deps.ts';
import type { IntentApi } from '../../reconcile/intent-api.ts';
import type { PolicyBooks } from '../../reconcile/permit/books-types.ts';
import type { World } from '../../reconcile/permit/world.ts';
import type { ControllerMetrics } from '../../runtime/controller.ts';
import type { QueueMetrics } from '../../runtime/queue.ts';
import type { Store } from '../../runtime/store.ts';
import type { Doubt } from './doubt.ts';
import type { WriteDeadline } from './lease-clock.ts';

export interface TermOptions {
  readonly settings: Settings;
  readonly store: Store<PatchIntent>;
  readonly api: IntentApi;
  readonly publisher: Publisher;
  /** The same, as the runs use it. */
  readonly writer: Deps['publisher'];
  readonly events: Deps['events'];
  readonly deadline: WriteDeadline;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: TermMetrics;
  /** What stands between a plan and its package. */
  readonly world: Omit<World, 'books'>;
  /** Begins to count what policies let through; once for each term. */
  readonly startBooks: () => PolicyBooks;
  /** Why absences at the beginning are not believed, if they are not. */
  readonly doubt: () => Doubt | undefined;
  readonly onHeld: (held: Held | undefined) => void;
  readonly onLeadershipLost: (why: string) => void;
}

export interface TermMetrics {
  readonly queue: QueueMetrics;
  readonly controller: ControllerMetrics;
  readonly reconcile: ReconcileMetrics;
}
