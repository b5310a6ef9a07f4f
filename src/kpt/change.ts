/**
 * A change as pure data: the only input of a package's bytes. Two intents that ask for the same change get the same
 * package. `values` holds the members of the change type in canonical JSON-able form (`{ replicas: 5 }`).
 */
export interface Change {
  readonly type: string;
  readonly target: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
  };
  readonly values: Readonly<Record<string, unknown>>;
}

/** What a change type makes of a change: the patch document and the words for people. */
export interface Plan {
  readonly change: Change;
  /** The strategic-merge patch: apiVersion, kind, metadata.name, metadata.namespace and the changed fields only. */
  readonly patch: Readonly<Record<string, unknown>>;
  /** Short and human, without a live value: `replicas → 5`. */
  readonly summary: string;
  /** How to undo it in general terms, for the package's README. */
  readonly undo: string;
  readonly warnings: readonly string[];
}
