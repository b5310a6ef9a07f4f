import type { ResolvedSpec } from '../api/resolve.ts';
import type { Plan } from '../kpt/change.ts';

/**
 * One kind of change that an intent can ask for. A new one is a folder in this room and a line in `index.ts`;
 * test/contract holds every entry of the list to the same laws.
 */
export interface ChangeType {
  /** The value of `spec.intentType`; also a part of file and package names. */
  readonly type: string;
  /**
   * What should be, from the intent alone. Pure; reason, source, correlation id, `suspend` and `dryRun` leave no trace
   * in the plan's change, patch, summary or undo.
   *
   * Throws Rejected UnsupportedTargetKind for a target that this type can't change.
   */
  plan(spec: ResolvedSpec): Plan;
  /**
   * The plan whose patch this document is, for checking a package without its intent. Undefined where the document is no
   * patch that `plan` makes. Pure; the plan has no warnings.
   */
  planOf(patch: unknown): Plan | undefined;
}
