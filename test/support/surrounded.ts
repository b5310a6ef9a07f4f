import { onTestFinished } from 'vitest';
import type { PatchIntent } from '../../src/api/types.ts';
import {
  INTENT_INDEXES,
  type RunningSurroundings,
  type SurroundingsOptions,
  startSurroundings,
} from '../../src/cli/run/surroundings/surroundings.ts';
import { silentLog } from '../../src/platform/log.ts';
import { Store } from '../../src/runtime/store.ts';
import { ManualClock, settle } from './clock.ts';
import { type IntentDraft, intent } from './intents.ts';
import { type CollectionMode, type Draft, ModelCluster } from './model-cluster.ts';
import { seededRandom } from './random.ts';

export const POLICIES = '/apis/patchgen.dev/v1alpha1/patchpolicies';
export const APPROVALS = '/apis/patchgen.dev/v1alpha1/patchapprovals';
export const NAMESPACES = '/api/v1/namespaces';
export const HPAS = '/apis/autoscaling/v2/horizontalpodautoscalers';
export const SCALED_OBJECTS = '/apis/keda.sh/v1alpha1/scaledobjects';

export interface Woken {
  readonly key: string;
  readonly low: boolean;
  /** Milliseconds of the clock. */
  readonly at: number;
}

export interface Surrounded {
  readonly clock: ManualClock;
  readonly cluster: ModelCluster;
  readonly running: RunningSurroundings;
  readonly woken: Woken[];
  /** Names of policies of which a version was told. */
  readonly versions: string[];
  readonly unreadable: ReadonlySet<string>;
  readonly warnings: string[];
  /** Who was woken since the last call, each as often as it was, in order of their names. */
  wokenNow(): Promise<readonly string[]>;
  /** Stores an intent, or another version of it, and tells of it. */
  intend(draft?: IntentDraft): void;
  withdraw(key: string): void;
}

export interface SurroundedOptions {
  readonly modes?: Readonly<Record<string, CollectionMode>>;
  readonly objects?: Readonly<Record<string, readonly Draft[]>>;
  readonly settings?: Partial<SurroundingsOptions['settings']>;
  readonly leading?: boolean;
  readonly intents?: readonly IntentDraft[];
}

/** Surroundings of a scripted cluster, settled, on a clock turned by hand. ScaledObjects are not served unless told otherwise. */
export async function surrounded(options: SurroundedOptions = {}): Promise<Surrounded> {
  const clock = new ManualClock();
  const cluster = new ModelCluster({
    [POLICIES]: 'served',
    [APPROVALS]: 'served',
    [NAMESPACES]: 'served',
    [HPAS]: 'served',
    [SCALED_OBJECTS]: 'absent',
    ...options.modes,
  });
  for (const [path, drafts] of Object.entries(options.objects ?? {}))
    for (const draft of drafts) cluster.put(path, draft);
  const store = new Store<PatchIntent>(INTENT_INDEXES);
  const state = { leading: false, version: 1_000 };
  const [woken, versions, warnings]: [Woken[], string[], string[]] = [[], [], []];
  const unreadable = new Set<string>();
  const running = startSurroundings({
    settings: {
      watchNamespaces: [],
      allowedTargetNamespaces: [],
      livePlans: true,
      policies: true,
      resyncIntervalMs: 600_000,
      ...options.settings,
    },
    client: cluster,
    intents: store,
    clock,
    random: seededRandom(1),
    log: { ...silentLog, warn: (fields, message) => void warnings.push(`${JSON.stringify(fields)} ${message}`) },
    metrics: {
      objects: () => {},
      unreadable: (resource, is) => void (is ? unreadable.add(resource) : unreadable.delete(resource)),
    },
    highestSeen: () => undefined,
    isLeading: () => state.leading,
    onWake: (keys, { low }) => void woken.push(...keys.map((key) => ({ key, low, at: clock.monotonic() }))),
    onPolicyChange: (name) => void versions.push(name),
  });
  onTestFinished(() => running.stop());
  const told = (changes: ReturnType<typeof store.upsert>): void => {
    for (const change of changes) running.intentChanged({ ...change, initial: false });
  };
  const intend: Surrounded['intend'] = (draft = {}) => {
    state.version += 1;
    const name = draft.name ?? 'web-5';
    told(store.upsert(intent({ uid: `uid-${name}`, resourceVersion: String(state.version), ...draft })));
  };
  for (const draft of options.intents ?? []) intend(draft);
  await settle();
  state.leading = options.leading ?? true;
  return {
    clock,
    cluster,
    running,
    woken,
    versions,
    unreadable,
    warnings,
    async wokenNow() {
      await settle();
      return woken
        .splice(0)
        .map(({ key }) => key)
        .toSorted();
    },
    intend,
    withdraw: (key) => told(store.delete(key)),
  };
}
