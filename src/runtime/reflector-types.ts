import type { Clock } from '../platform/clock.ts';
import type { KubeClient } from '../platform/kubernetes/client.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import type { Gap, ReflectorState, ReflectorTiming } from './reflector-step.ts';
import type { Store, StoreChange, StoredObject } from './store.ts';

export interface Change<T> extends StoreChange<T> {
  /** Told by the first list, and not a change that somebody just made. */
  readonly initial: boolean;
}

export interface ReplacedInfo {
  readonly resourceVersion: string;
  /** The list has a lower version than was seen before: etcd was restored from a backup. Deletions need a second look. */
  readonly rewound: boolean;
  /** The kind was not served for a while before this list: objects may be gone because the kind was. */
  readonly kindWasAbsent: boolean;
}

/** `absent`: the kind is not served (404). `forbidden`: 401 or 403. `failed`: anything that may pass by itself. */
export type ListFailure = 'absent' | 'forbidden' | 'failed';

export interface ReflectorMetrics {
  listed(info: {
    readonly ok: boolean;
    readonly items: number;
    readonly durationMs: number;
    /** Why there is no list, where there is none. */
    readonly failure?: ListFailure;
  }): void;
  event(type: string): void;
  watchEnded(cause: Gap | 'ended' | 'cut' | 'failed' | 'absent' | 'forbidden'): void;
  undecodable(): void;
}

export interface ReflectorOptions<T extends StoredObject> {
  readonly client: KubeClient;
  /** Path of the collection: `/apis/patchgen.dev/v1alpha1/patchintents`, or that of one namespace. */
  readonly path: string;
  /** The namespace that `path` is limited to: only its objects can be found missing. */
  readonly namespace?: string;
  /** Objects per page. Default 500. */
  readonly pageSize?: number;
  /** What the store keeps of an object. A throw makes the object undecodable: it is reported and keeps its last good form. */
  readonly project: (raw: unknown) => T;
  readonly store: Store<T>;
  readonly clock: Clock;
  readonly random: Pick<Random, 'fraction'>;
  readonly log: Log;
  readonly onChange: (change: Change<T>) => void;
  /** After the store was replaced by a full list, right before the changes of that list are told. */
  readonly onReplaced?: (info: ReplacedInfo) => void;
  /** Once per version of an object that `project` refuses. */
  readonly onUndecodable?: (key: string, error: unknown) => void;
  /** The highest version seen of other kinds on this server: a list must not be older than what was seen before it. */
  readonly highestSeen?: () => string | undefined;
  readonly metrics?: ReflectorMetrics;
  /** Failures of which somebody else tells: they are logged at the level debug. */
  readonly quiet?: readonly ('absent' | 'forbidden')[];
  readonly timing?: Partial<ReflectorTiming>;
}

export interface Reflector {
  readonly state: ReflectorState;
  /** A full list has been applied at least once. */
  readonly synced: boolean;
  /** Version up to which the store has applied everything. */
  readonly resourceVersion: string | undefined;
  /** `clock.monotonic()` of the last answer, event or bookmark. */
  readonly lastContact: number;
  /** Why the last list or watch failed; undefined while all is well. */
  readonly lastError: string | undefined;
  /** Keys that exist on the server in a form that `project` refuses. They are not absent. */
  readonly undecodable: readonly string[];
  /** Resolves after the first full list; rejects with the signal's reason, or when the reflector is stopped before. */
  whenSynced(signal?: AbortSignal): Promise<void>;
  /** Reads the whole collection anew, soon. A list under way does not count, since it may be older than the question. */
  relist(): void;
  /** Resolves when nothing runs any more. No change is told after the call. */
  stop(): Promise<void>;
}
