import type { PatchIntent } from '../../api/types.ts';
import type { Target } from '../../reconcile/permit/world.ts';

/** For what the cluster is looked at. */
export interface Wanted {
  readonly intent: PatchIntent;
  readonly target: Target;
  /** False: the operator enforces none either. */
  readonly policies: boolean;
  readonly livePlans: boolean;
  /** Bound on the namespaces that intents of others may reach into; empty: none. */
  readonly allowedTargetNamespaces: ReadonlySet<string>;
  readonly now: Date;
}
