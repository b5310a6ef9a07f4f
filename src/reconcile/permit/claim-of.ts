import { Rejected } from '../../api/errors.ts';
import { type ResolvedSpec, resolveSpec } from '../../api/resolve.ts';
import type { PatchIntent } from '../../api/types.ts';
import { checkName, checkSpec } from '../../api/validate.ts';
import { changeTypeOf } from '../../changes/index.ts';
import type { Claim } from '../../policy/contests.ts';
import { keyOf } from '../key.ts';
import { targetOf } from './consider.ts';
import { targetKey } from './target-key.ts';

/** Whether a namespace lets in intents of another one. */
export type LetsIn = (namespace: string, from: string) => boolean;

/**
 * What an intent wants for itself, by its spec alone: also where policies refuse it, so that no verdict changes who wins. One
 * that can not be planned, is suspended, or on its way out wants nothing, and a dry run only asks; neither does one that reaches
 * into a namespace that does not let it in want anything, or anybody could keep a field of others from them.
 */
export function claimOf({ metadata, spec: raw }: PatchIntent, letsIn: LetsIn): Claim | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined;
  if (checkName(metadata.name).length > 0 || checkSpec(raw).length > 0) return undefined;
  const spec = resolveSpec(raw, metadata.namespace);
  if (spec.suspend || !canBePlanned(spec)) return undefined;
  if (spec.namespace !== metadata.namespace && !letsIn(spec.namespace, metadata.namespace)) return undefined;
  return {
    key: keyOf(metadata),
    uid: metadata.uid,
    createdAt: metadata.creationTimestamp ?? '',
    field: `${targetKey(targetOf(spec))} .spec.replicas`,
    value: String(spec.replicas),
    ...(spec.dryRun ? { asks: true } : {}),
  };
}

/** Whether there will ever be a plan of this spec. Of custom kinds only their cluster knows. */
function canBePlanned(spec: ResolvedSpec): boolean {
  try {
    return changeTypeOf(spec.intentType)?.plan(spec) !== undefined;
  } catch (error) {
    if (error instanceof Rejected) return false;
    throw error;
  }
}
