import type { StormState } from './brake.ts';
import type { Ledger } from './ledger.ts';

export type Labels = Readonly<Record<string, string>>;
/** What could not be found out. It never makes a verdict milder. */
export type Unknown = 'unknown';

/** All that a verdict depends on beside the policies. Plain data. */
export interface PolicyInput {
  readonly intent: {
    readonly namespace: string;
    readonly namespaceLabels: Labels | Unknown;
    readonly type: string;
    /** Which change of which intent: its uid and generation. Only compared. A claim under the same id counts once. */
    readonly id: string;
    readonly reason?: string;
    readonly source?: string;
    readonly correlationId?: string;
  };
  readonly target: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    /** Of the namespace of the target, which is that of the intent unless the intent reaches out. */
    readonly namespaceLabels: Labels | Unknown;
    readonly labels: Labels | Unknown;
  };
  /** Absent for a change that is not about replicas. */
  readonly replicas?: { readonly from: number | Unknown; readonly to: number };
  /** The autoscaler that owns the field: `HorizontalPodAutoscaler web`. */
  readonly autoscaler?: string;
  /** What keeps the target as it is declared elsewhere: `Flux Kustomization apps`. */
  readonly owner?: string;
  /** Of which of the two nobody can tell whether there is one. */
  readonly blind?: readonly ('autoscaler' | 'gitOps')[];
  /**
   * The package for this very change is on disk already: it was let through before. What only mattered at that moment is not
   * asked again (windows, rates, storm, approval, the size of the step); what a change may never be is.
   */
  readonly published?: boolean;
  /** What the policies have counted, by their name. Absent: nothing yet. */
  readonly usage: ReadonlyMap<string, Usage>;
  readonly now: Date;
}

/** What one policy has counted. */
export interface Usage {
  readonly ledger?: Ledger;
  readonly storm?: StormState;
}
