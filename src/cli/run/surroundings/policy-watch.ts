import type { CompiledPolicy } from '../../../policy/compile.ts';
import { BASE, kindIsServed } from '../../../reconcile/kind-served.ts';
import { projectPolicy, type StoredPolicy } from '../../../reconcile/permit/stored-policy.ts';
import { Store } from '../../../runtime/store.ts';
import { KnownPolicies, type KnownPoliciesOptions } from './known-policies.ts';
import { PolicyEdits } from './policy-edits.ts';
import { type KindOptions, WatchedKind } from './watched-kind.ts';

export type Common = Pick<
  KindOptions<never>,
  'client' | 'clock' | 'random' | 'log' | 'metrics' | 'highestSeen' | 'timing' | 'onKnown'
>;

export interface PolicyWatch {
  readonly kind: WatchedKind<StoredPolicy>;
  readonly store: Store<StoredPolicy>;
  /** Undefined while they are not known. */
  policies(): readonly CompiledPolicy[] | undefined;
  stop(): Promise<void>;
}

const PLURAL = 'patchpolicies';
const ASK_MS = 10_000;

export interface PolicyListeners {
  /** Whether edits matter to anybody: a term that begins later has seen what was edited before. */
  readonly isLeading: () => boolean;
  /** The rules, before and after, that somebody edited a moment ago. */
  readonly onEdits: KnownPoliciesOptions['onChange'];
  /** Another version of a policy was seen, or its deletion. */
  readonly onVersion: (name: string) => void;
}

/** Watches the policies, and says which are in force. */
export function startPolicyWatch(common: Common, { isLeading, onEdits, onVersion }: PolicyListeners): PolicyWatch {
  const { client, clock } = common;
  const store = new Store<StoredPolicy>();
  const edits = new PolicyEdits(clock, onEdits);
  const known = new KnownPolicies({
    clock,
    stored: store,
    isServed: () => kindIsServed(client, PLURAL, AbortSignal.timeout(ASK_MS)),
    onChange(specs) {
      if (isLeading()) edits.add(specs);
    },
  });
  const kind = new WatchedKind<StoredPolicy>({
    ...common,
    resource: PLURAL,
    api: BASE,
    store,
    project: projectPolicy,
    onChange: (change) => {
      known.changed(change);
      onVersion(change.key);
    },
    otherwise: 'no change is let through',
  });
  return {
    kind,
    store,
    policies: () => (kind.known ? known.all() : undefined),
    async stop() {
      await kind.stop();
      known.stop();
      edits.stop();
    },
  };
}
