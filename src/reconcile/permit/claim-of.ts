import { resolveSpec } from '../../api/resolve.ts';
import type { PatchIntent } from '../../api/types.ts';
import { checkName, checkSpec } from '../../api/validate.ts';
import type { Claim } from '../../policy/contests.ts';
import { keyOf } from '../key.ts';
import { targetOf } from './consider.ts';
import { targetKey } from './target-key.ts';

/**
 * What an intent wants for itself, by its spec alone: also where policies refuse it, so that no verdict changes who wins. One
 * that is invalid, suspended, a dry run, or on its way out wants nothing; neither does one that reaches into a namespace that
 * does not let it in, or anybody could keep a field of others from them.
 */
export function claimOf(intent: PatchIntent, letsIn: (namespace: string, from: string) => boolean): Claim | undefined {
  const { metadata } = intent;
  if (metadata.deletionTimestamp !== undefined) return undefined;
  if (checkName(metadata.name).length > 0 || checkSpec(intent.spec).length > 0) return undefined;
  const spec = resolveSpec(intent.spec, metadata.namespace);
  if (spec.suspend || spec.dryRun) return undefined;
  if (spec.namespace !== metadata.namespace && !letsIn(spec.namespace, metadata.namespace)) return undefined;
  return {
    key: keyOf(metadata),
    uid: metadata.uid,
    createdAt: metadata.creationTimestamp ?? '',
    field: `${targetKey(targetOf(spec))} .spec.replicas`,
    value: String(spec.replicas),
  };
}
