import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Random } from '../../platform/random.ts';
import type { PolicyApi } from './policy-api.ts';
import type { StoredPolicy } from './stored-policy.ts';
import type { Books } from './world.ts';

export interface BooksOptions {
  readonly api: PolicyApi;
  /** The policies as the watch last showed them. They may be older than our own writes. */
  readonly policies: { get(name: string): StoredPolicy | undefined; list(): readonly StoredPolicy[] };
  /** False once the lease may have passed to another replica: nothing is written then. */
  readonly mayWrite: () => boolean;
  readonly events: { emit(event: PolicyEvent): void };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: BooksMetrics;
}

/** What the books of all policies are, beside what a run asks of them. They belong to one term of leadership. */
export interface PolicyBooks extends Books {
  /** Looks at every policy that is known: its Ready condition, and what it has counted. Call it when the term begins. */
  begin(): void;
  /** Tells that the watch showed another version of a policy, or its deletion. Cheap for the echo of an own write. */
  policyChanged(name: string): void;
  /** Ends all writing. Whoever still waits is told `ShuttingDown`; failures that wait are written first, if that is quick. */
  stop(): Promise<void>;
}

export interface BooksMetrics {
  /** A write of the status of a policy ended. */
  policyWrite(result: 'written' | 'conflict' | 'failed'): void;
  /** A reservation under one policy ended, after so many seconds. */
  reservation(result: 'granted' | 'refused' | 'failed', seconds: number): void;
}

/** An Event about a policy; those of cluster-scoped objects stand in the namespace `default`. */
export interface PolicyEvent {
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}
