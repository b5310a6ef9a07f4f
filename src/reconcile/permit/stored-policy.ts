import type { PatchPolicySpec } from '../../api/schema/patchpolicy.ts';
import { clusterMetadata, recordOf } from '../raw.ts';

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
  /** As the server stored it: the books read it, and take what they can not read for full. */
  readonly status: unknown;
}

/** What is kept of a policy. Throws TypeError for something that is no object with a name, uid and resourceVersion. */
export function projectPolicy(raw: unknown): StoredPolicy {
  const { metadata, spec, status } = recordOf(raw, 'object');
  const { generation } = recordOf(metadata, 'metadata');
  return {
    metadata: { ...clusterMetadata(raw), generation: typeof generation === 'number' ? generation : 0 },
    spec: spec as PatchPolicySpec,
    status,
  };
}
