import type { PatchIntent, PatchIntentSpec, PatchIntentStatus } from '../../src/api/types.ts';

export interface IntentDraft {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly resourceVersion?: string;
  readonly annotations?: Record<string, string>;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  /** Any value: stored objects are not always valid. */
  readonly spec?: unknown;
  readonly status?: PatchIntentStatus;
}

export const goodSpec: PatchIntentSpec = { intentType: 'scaling', target: 'web', replicas: 5, correlationId: 'c-1' };

/** A PatchIntent as the API server would serve it: `shop/web-5`, scaling Deployment web to 5, unless told otherwise. */
export function intent(draft: IntentDraft = {}): PatchIntent {
  const { annotations, creationTimestamp, deletionTimestamp, status } = draft;
  return {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchIntent',
    metadata: {
      name: draft.name ?? 'web-5',
      namespace: draft.namespace ?? 'shop',
      uid: draft.uid ?? 'uid-1',
      resourceVersion: draft.resourceVersion ?? '10',
      generation: draft.generation ?? 1,
      ...(annotations === undefined ? {} : { annotations }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    spec: (draft.spec === undefined ? goodSpec : draft.spec) as PatchIntentSpec,
    ...(status === undefined ? {} : { status }),
  };
}
