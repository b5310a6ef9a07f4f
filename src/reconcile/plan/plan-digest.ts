import { canonicalJson } from '../../kpt/canonical-json.ts';
import { FORMAT, sha256 } from '../../kpt/digest.ts';
import type { VerdictInputs } from '../../policy/verdict.ts';
import type { Base } from './base.ts';

export interface PlanParts {
  /** From `changeDigest` in `src/kpt/digest.ts`. */
  readonly changeDigest: string;
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
export function planDigestOf({ changeDigest, base, inputs }: PlanParts): string {
  return sha256(canonicalJson({ changeDigest, base: seen(base), format: FORMAT, inputs }));
}

function seen(base: Base): Readonly<Record<string, unknown>> {
  if (base.state !== 'found') return { state: base.state };
  const { uid, generation, resourceVersion, replicas } = base;
  return { uid, replicas, ...(generation === undefined ? { resourceVersion } : { generation }) };
}
