import type { PatchIntent } from '../../../api/types.ts';
import type { Settings } from '../../../config.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { KubeClient } from '../../../platform/kubernetes/client.ts';
import type { Log } from '../../../platform/log.ts';
import type { Random } from '../../../platform/random.ts';
import type { StoredPolicy } from '../../../reconcile/permit/stored-policy.ts';
import type { Surroundings } from '../../../reconcile/permit/world.ts';
import type { Change, Reflector, ReflectorTiming } from '../../../runtime/reflector.ts';
import type { Store } from '../../../runtime/store.ts';

/** What is watched beside the intents, by the name of its resource. */
export const RESOURCES = Object.freeze([
  'patchpolicies',
  'patchapprovals',
  'namespaces',
  'horizontalpodautoscalers',
  'scaledobjects',
] as const);
export type Resource = (typeof RESOURCES)[number];

export interface SurroundingsMetrics {
  /** How many objects are kept. */
  objects(resource: Resource, count: number): void;
  /** Whether they can not be read now, so that what is known of them is missing or may be out of date. */
  unreadable(resource: Resource, unreadable: boolean): void;
}

export interface SurroundingsOptions {
  readonly settings: Pick<
    Settings,
    'watchNamespaces' | 'allowedTargetNamespaces' | 'livePlans' | 'policies' | 'resyncIntervalMs'
  >;
  readonly client: KubeClient;
  /** The store of the intents, made with `INTENT_INDEXES`. */
  readonly intents: Store<PatchIntent>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: SurroundingsMetrics;
  /** The highest version seen on this server: a list must not be older. */
  readonly highestSeen: () => string | undefined;
  /** Whether a term is under way. A standby keeps the caches warm and wakes nobody. */
  readonly isLeading: () => boolean;
  /** These intents have to look again; `low`: behind all fresh changes. */
  readonly onWake: (keys: readonly string[], options: { readonly low: boolean }) => void;
  /** The watch showed another version of a policy, its status included, or its deletion. */
  readonly onPolicyChange: (name: string) => void;
  readonly timing?: Partial<ReflectorTiming>;
}

export interface RunningSurroundings {
  readonly surroundings: Surroundings;
  /** The policies as they are on the server, with their status. */
  readonly policyObjects: Store<StoredPolicy>;
  readonly reflectors: readonly Reflector[];
  /** Tells of each change that the store of the intents has applied, before the term hears of it. */
  intentChanged(change: Change<PatchIntent>): void;
  /**
   * Resolves once each kind is listed, known not to be served, or known to be out of reach. Rejects with the signal's reason.
   */
  whenSettled(signal: AbortSignal): Promise<void>;
  /** What can not be read now and what follows from that, for people; empty while all is well. */
  problems(): readonly string[];
  /** Reads everything anew, soon. */
  relist(): void;
  stop(): Promise<void>;
}
