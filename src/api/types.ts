import type { PatchIntentSpec, PatchIntentStatus } from './schema/patchintent.ts';

export type { Condition, PackageStatus, PatchIntentSpec, PatchIntentStatus, PlanStatus } from './schema/patchintent.ts';

export const GROUP = 'patchgen.dev';
export const VERSION = 'v1alpha1';
export const KIND = 'PatchIntent';
export const PLURAL = 'patchintents';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Annotations that ask for a reconcile; the value is echoed in `status.lastHandledReconcileAt`. */
export const REQUESTED_AT = `${GROUP}/requestedAt`;
export const FLUX_REQUESTED_AT = 'reconcile.fluxcd.io/requestedAt';

export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A PatchIntent as the API server serves it. `spec` is what the server stored, valid or not, until `validate` accepted it. */
export interface PatchIntent {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: PatchIntentSpec;
  readonly status?: PatchIntentStatus;
}
