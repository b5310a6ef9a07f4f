import type { PatchPolicySpec, PolicyStatus } from '../../api/schema/patchpolicy.ts';

/** A PatchPolicy as the store keeps it. */
export interface StoredPolicy {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
  };
  /** As the server stored it, which may be before the schema of today: not to be believed before `compileStored` has read it. */
  readonly spec: PatchPolicySpec;
  /** The well-formed parts of it. */
  readonly status: PolicyStatus;
}
