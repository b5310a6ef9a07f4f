import { namespacedMetadata, type RawMetadata, recordOf, textOf } from '../raw.ts';
import type { Approval } from './approvals.ts';

/** A PatchApproval as the store keeps it. */
export interface StoredApproval extends Approval {
  readonly metadata: RawMetadata;
  /** Name of the intent, in the same namespace. */
  readonly intent: string;
  /** An approval that is being taken back, while something still holds the object. */
  readonly withdrawn: boolean;
}

/** What is kept of an approval. Throws TypeError for something that is none: it counts for nothing. */
export function projectApproval(raw: unknown): StoredApproval {
  const metadata = namespacedMetadata(raw);
  const { spec, metadata: meta } = recordOf(raw, 'object');
  const { creationTimestamp, deletionTimestamp } = recordOf(meta, 'metadata');
  const { intent, planDigest, decision, approver } = recordOf(spec, 'spec');
  if (decision !== 'Approve' && decision !== 'Reject')
    throw new TypeError('spec.decision is neither Approve nor Reject');
  return {
    metadata,
    name: metadata.name,
    uid: metadata.uid,
    createdAt: dateOf(creationTimestamp),
    intent: textOf(intent, 'spec.intent'),
    planDigest: textOf(planDigest, 'spec.planDigest'),
    decision,
    approver: textOf(approver, 'spec.approver'),
    // A rejection holds until it is gone for good.
    withdrawn: decision === 'Approve' && deletionTimestamp !== undefined,
  };
}

/** `namespace/name` of the intent. */
export const intentKeyOf = ({ metadata, intent }: StoredApproval): string => `${metadata.namespace}/${intent}`;

function dateOf(timestamp: unknown): Date {
  const date = new Date(textOf(timestamp, 'metadata.creationTimestamp'));
  if (Number.isNaN(date.getTime())) throw new TypeError('metadata.creationTimestamp is no time');
  return date;
}
