import type { Labels } from '../../policy/input.ts';
import { clusterMetadata, isRecord, type RawMetadata, recordOf } from '../raw.ts';

/** A Namespace as the store keeps it. */
export interface StoredNamespace {
  readonly metadata: Omit<RawMetadata, 'namespace'>;
  readonly labels: Labels;
}

/** What is kept of a Namespace. Throws TypeError for something that is no object with a name, uid and resourceVersion. */
export function projectNamespace(raw: unknown): StoredNamespace {
  const metadata = clusterMetadata(raw);
  const { labels } = recordOf(recordOf(raw, 'object').metadata, 'metadata');
  return { metadata, labels: isRecord(labels) ? (labels as Labels) : {} };
}
