import type { Target } from '../../reconcile/permit/world.ts';
import type { Subject } from './subject.ts';

/** For what the cluster is looked at. */
export interface Wanted {
  readonly subject: Subject;
  /** All that is planned in one go, the subject among them, in the order in which it would be created. */
  readonly call: readonly Subject[];
  readonly target: Target;
  /** False: the operator enforces none either. */
  readonly policies: boolean;
  readonly livePlans: boolean;
  /** Bound on the namespaces that intents of others may reach into; empty: none. */
  readonly allowedTargetNamespaces: ReadonlySet<string>;
  readonly now: Date;
}
