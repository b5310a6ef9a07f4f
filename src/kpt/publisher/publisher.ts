import type { Volume } from '../../platform/files/files.ts';
import type { Package } from '../package.ts';

/** The stable name of a package under the root: `<namespace>/<intent>`. */
export interface PackageKey {
  readonly namespace: string;
  readonly intent: string;
}

/** Advisory: who asked and why. Rewritten when different; nothing is ever decided from it. */
export interface PackageRecord {
  readonly uid: string;
  readonly generation: number;
  readonly reason?: string;
  readonly source?: string;
  readonly correlationId?: string;
}

export interface PublishRequest extends PackageKey {
  readonly package: Package;
  readonly record: PackageRecord;
}

/**
 * - `written`: link made or moved (the content may have been in the store already).
 * - `unchanged`: link and entry were as they should be; nothing was written.
 * - `restored`: the published entry had been tampered with; a repaired one is linked now.
 */
export type PublishOutcome = 'written' | 'unchanged' | 'restored';

export interface Published {
  readonly outcome: PublishOutcome;
  /** True when a link with this digest was there before (so `written` + false means new or moved). */
  readonly previousDigest: string | undefined;
  /** Store entry that the link leads to: `<digest>.<n>`. */
  readonly entry: string;
}

export interface InventoryItem extends PackageKey {
  /** Digest of the store entry that the link names (from its name, not verified). */
  readonly digest: string;
}

export interface PublisherHealth {
  /** Milliseconds that the oldest unanswered call has waited; 0 when idle. */
  readonly oldestCallMs: number;
  readonly threadAlive: boolean;
}

export interface RootIdentity {
  readonly rootId: string;
  readonly epoch: number;
}

/**
 * The publisher of one root: every call is carried out in order by one serial thread. Calls reject with a
 * `Failure` of the reason table (StorageFull, UnsafePath, LeadershipLost, …). Publishing before `claim` resolved, or after
 * the lease deadline passed, rejects with `LeadershipLost`.
 */
export interface Publisher {
  /** Prepares root and `.patchgen` (idempotent) and publishes and removes a probe package in `staging/probe-<random>`. Standbys call it too. */
  selfTest(): Promise<{ readonly rootId: string }>;
  /** Becomes the one writer: takes a new epoch, empties lower ones, syncs, verifies every link by full hash, restores nothing. */
  claim(options: {
    readonly takeOver: boolean;
    readonly exclusive: boolean;
  }): Promise<RootIdentity & { readonly tampered: readonly PackageKey[] }>;
  /** Resolves once the package is durable and the link leads to it. Idempotent. */
  publish(request: PublishRequest): Promise<Published>;
  /** Removes the link and its record, durably. Resolves to false when there was none. */
  remove(key: PackageKey): Promise<boolean>;
  /** Digest that the link of one key leads to, or undefined. */
  lookup(key: PackageKey): Promise<string | undefined>;
  /** Every link of ours under the root, and the paths of foreign things that were found and left alone. */
  inventory(): Promise<{ readonly packages: readonly InventoryItem[]; readonly foreign: readonly string[] }>;
  /** Removes store entries that no link has used for `graceMs` since this publisher first saw them unused, and other leftovers of ours. */
  sweep(graceMs: number): Promise<{ readonly removed: number; readonly pending: number }>;
  /** The volume of the root, full or not. Rejects where the root cannot be looked at. */
  volume(): Promise<Volume>;
  /** Free bytes on the volume of the root, and whether it takes writes now (looked at, not tried). Rejects like publish does. */
  headRoom(): Promise<{ readonly availableBytes: number }>;
  /** Monotonic deadline (process.hrtime nanoseconds) after which the thread refuses every rename. 0n = no lease held; Infinity is `2n ** 62n`. */
  setLeaseDeadline(monotonicNs: bigint): void;
  health(): PublisherHealth;
  /** Finishes the calls under way, then ends the thread. */
  close(): Promise<void>;
}
