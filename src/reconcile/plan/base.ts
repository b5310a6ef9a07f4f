import type { Labels, Unknown } from '../../policy/input.ts';
import type { Owner } from '../../policy/owner.ts';

/** The target as it is in the cluster now. `warnings`: what a reviewer should know of how it was looked for. */
export type Base =
  | FoundBase
  /** `notServed`: the cluster does not even have the kind. */
  | { readonly state: 'missing'; readonly notServed?: true; readonly warnings?: readonly string[] }
  /** `why` names what is missing and where to grant it: `may not get deployments/scale …`. */
  | { readonly state: 'unreadable'; readonly why: string; readonly warnings?: readonly string[] }
  /** Live plans are switched off. */
  | { readonly state: 'not-asked' };

export interface FoundBase {
  readonly state: 'found';
  readonly uid: string;
  readonly resourceVersion: string;
  /** Moves with the spec of the target only; absent where the metadata of the target could not be read. */
  readonly generation?: number;
  /** The live value of `.spec.replicas`. */
  readonly replicas: number;
  readonly labels: Labels | Unknown;
  readonly owner?: Owner;
  /** What a reviewer should know of how this was read. */
  readonly warnings: readonly string[];
}
