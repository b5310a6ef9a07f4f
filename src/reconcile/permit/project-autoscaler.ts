import { DEFAULTS } from '../../api/defaults.ts';
import { isRecord, namespacedMetadata, type RawMetadata, recordOf, textOf } from '../raw.ts';
import { targetKey } from './target-key.ts';

/** What sets the replicas of a target by itself, as the store keeps it. */
export interface StoredAutoscaler {
  readonly metadata: RawMetadata;
  /** As `targetKey` has it. */
  readonly target: string;
  readonly kind: 'HorizontalPodAutoscaler' | 'ScaledObject';
  /** Name of the object of this kind that people wrote. */
  readonly by: string;
}

const KEDA = 'keda.sh/';

/** `HorizontalPodAutoscaler web`. */
export const autoscalerText = ({ kind, by }: StoredAutoscaler): string => `${kind} ${by}`;

/**
 * What is kept of a HorizontalPodAutoscaler of autoscaling/v2. Of one that KEDA made for a ScaledObject, that is named. Throws
 * TypeError for something that is none.
 */
export function projectHpa(raw: unknown): StoredAutoscaler {
  const metadata = namespacedMetadata(raw);
  const scaledObject = scaledObjectBehind(raw);
  return {
    metadata,
    target: scaleTarget(raw, metadata, {}),
    ...(scaledObject === undefined
      ? { kind: 'HorizontalPodAutoscaler', by: metadata.name }
      : { kind: 'ScaledObject', by: scaledObject }),
  };
}

/** What is kept of a ScaledObject of keda.sh/v1alpha1. Throws TypeError for something that is none. */
export function projectScaledObject(raw: unknown): StoredAutoscaler {
  const metadata = namespacedMetadata(raw);
  // Source of the defaults: keda.sh/docs, "Scaling Deployments, StatefulSets & Custom Resources".
  const target = scaleTarget(raw, metadata, { apiVersion: DEFAULTS.targetApiVersion, kind: DEFAULTS.targetKind });
  return { metadata, target, kind: 'ScaledObject', by: metadata.name };
}

function scaleTarget(
  raw: unknown,
  { namespace }: RawMetadata,
  defaults: { readonly apiVersion?: string; readonly kind?: string },
): string {
  const ref = recordOf(recordOf(recordOf(raw, 'object').spec, 'spec').scaleTargetRef, 'spec.scaleTargetRef');
  return targetKey({
    namespace,
    apiVersion:
      typeof ref.apiVersion === 'string' && ref.apiVersion !== '' ? ref.apiVersion : (defaults.apiVersion ?? ''),
    kind: textOf(ref.kind || defaults.kind, 'spec.scaleTargetRef.kind'),
    name: textOf(ref.name, 'spec.scaleTargetRef.name'),
  });
}

function scaledObjectBehind(raw: unknown): string | undefined {
  const { ownerReferences } = recordOf(recordOf(raw, 'object').metadata, 'metadata');
  if (!Array.isArray(ownerReferences)) return undefined;
  const owner: unknown = ownerReferences.find(
    (each: unknown) =>
      isRecord(each) &&
      each.kind === 'ScaledObject' &&
      String(each.apiVersion).startsWith(KEDA) &&
      each.controller === true,
  );
  return isRecord(owner) && typeof owner.name === 'string' ? owner.name : undefined;
}
