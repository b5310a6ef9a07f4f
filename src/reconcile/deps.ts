import type { Reason } from '../api/reasons.ts';
import type { PatchIntent } from '../api/types.ts';
import type { Publisher } from '../kpt/publisher/publisher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Collection } from './collection/collection.ts';
import type { IntentApi } from './intent-api.ts';
import type { Rules } from './path.ts';
import type { World } from './permit/world.ts';
import type { Reporter } from './status/report.ts';

/** What a reconcile is given. Each member is the little that it needs of a room next door. */
export interface Deps {
  readonly intents: { get(key: string): PatchIntent | undefined };
  readonly ownWrites: {
    check(key: string, stored: string | undefined): 'current' | 'behind' | 'expired';
    settled(key: string): void;
  };
  /** How long a run waits for the store to show our own write before it looks again. */
  readonly ownWriteWaitMs: number;
  readonly api: IntentApi;
  /** What stands between a plan and its package: the live target, policies, approvals. */
  readonly world: World;
  readonly publisher: Pick<Publisher, 'publish' | 'remove' | 'lookup'>;
  readonly collection: Collection;
  readonly reporter: Reporter;
  readonly events: { emit(event: IntentEvent): void };
  readonly rules: Rules;
  readonly rootId: () => string;
  /** Whether the intent claims its package under another root: a failover or a lost volume, healed at a paced rate. */
  readonly isRepublication: (intent: PatchIntent) => boolean;
  /** Milliseconds until the paced place of a key; 0 takes it. */
  readonly republishWaitMs: (key: string) => number;
  readonly leadershipLost: (why: string) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ReconcileMetrics;
}

export interface ReconcileMetrics {
  outcome(reason: Reason): void;
  statusWrite(result: 'written' | 'equal' | 'conflict' | 'failed'): void;
  removed(): void;
  /** A rule of a policy refused a change: `replicas.max`. */
  denied(rule: string): void;
}

export interface IntentEvent {
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}
