import type { ResolvedSpec } from '../../api/resolve.ts';
import { canonicalJson } from '../../kpt/canonical-json.ts';
import { FORMAT, sha256 } from '../../kpt/digest.ts';
import type { VerdictInputs } from '../../policy/verdict.ts';
import type { Base } from './base.ts';

/** What the intent says beside the change itself. */
export type Asked = Pick<ResolvedSpec, 'reason' | 'source' | 'correlationId' | 'requestedBy'>;

export interface PlanParts {
  /** From `changeDigest` in `src/kpt/digest.ts`. */
  readonly changeDigest: string;
  /** Who reviews a plan reads why it is wanted, and by whom: other words are another spec. */
  readonly asked?: Asked;
  readonly base: Base;
  /** Of the verdict of the policies. */
  readonly inputs: VerdictInputs;
}

/**
 * What an approval agrees to: sha256 of the canonical JSON of the change, what it was planned against, the package format and
 * what the policies looked at. Never of an approval, of a time or of a text for people.
 *
 * Of the live target only what a reviewer saw has a part in it: which object, which version of its spec, the values. So a
 * status update or a label edit of a busy Deployment makes no other plan, and any change of its spec does.
 */
export function planDigestOf({ changeDigest, asked = {}, base, inputs }: PlanParts): string {
  const { reason, source, correlationId, requestedBy } = asked;
  const words = [reason, source, correlationId, requestedBy].map((word) => word ?? null);
  return sha256(canonicalJson({ changeDigest, asked: words, base: seen(base), format: FORMAT, inputs }));
}

function seen(base: Base): Readonly<Record<string, unknown>> {
  if (base.state !== 'found') return { state: base.state };
  const { uid, generation, resourceVersion, replicas } = base;
  return { uid, replicas, ...(generation === undefined ? { resourceVersion } : { generation }) };
}
