import { DEFAULTS } from './defaults.ts';
import { Rejected } from './errors.ts';
import type { PatchIntentSpec } from './schema/patchintent.ts';

/** A valid spec with every default filled in: what the steps after `validate` work on. */
export interface ResolvedSpec {
  readonly intentType: 'scaling';
  readonly target: string;
  readonly namespace: string;
  readonly targetApiVersion: string;
  readonly targetKind: string;
  readonly replicas: number;
  readonly reason?: string;
  readonly source?: string;
  readonly correlationId?: string;
  /** Who asks, as the API server knows them. */
  readonly requestedBy?: string;
  readonly suspend: boolean;
  readonly dryRun: boolean;
}

/**
 * Fills in the defaults of a spec without findings; `ownNamespace` is the namespace of the intent.
 * Throws `Rejected` `InvalidSpec` where `replicas` is missing: an absent number must never become a 0.
 */
export function resolveSpec(spec: PatchIntentSpec, ownNamespace: string): ResolvedSpec {
  if (spec.replicas === undefined) throw new Rejected('InvalidSpec', 'schema validation failed: replicas is required');
  return Object.freeze({
    intentType: spec.intentType,
    target: spec.target,
    namespace: spec.namespace ?? ownNamespace,
    targetApiVersion: spec.targetApiVersion ?? DEFAULTS.targetApiVersion,
    targetKind: spec.targetKind ?? DEFAULTS.targetKind,
    replicas: spec.replicas,
    ...(spec.reason === undefined ? {} : { reason: spec.reason }),
    ...(spec.source === undefined ? {} : { source: spec.source }),
    ...(spec.correlationId === undefined ? {} : { correlationId: spec.correlationId }),
    ...(spec.requestedBy === undefined ? {} : { requestedBy: spec.requestedBy }),
    suspend: spec.suspend ?? DEFAULTS.suspend,
    dryRun: spec.dryRun ?? DEFAULTS.dryRun,
  });
}
