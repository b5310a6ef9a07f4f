import { API_VERSION, FLUX_REQUESTED_AT, KIND, type ObjectMeta, type PatchIntent, REQUESTED_AT } from '../api/types.ts';
import { isRecord, namespacedMetadata, recordOf } from './raw.ts';
import { readStatus } from './stored-status.ts';

/**
 * What is kept of an intent: the parts that a reconcile reads. Labels, managed fields and other annotations are not kept, so
 * that 10,000 intents fit into a few megabytes. `spec` stays as the server stored it, valid or not; of the status only well-formed parts are kept.
 * Throws TypeError for something that is no object with a name, uid and resourceVersion.
 */
export function projectIntent(raw: unknown): PatchIntent {
  const object = recordOf(raw, 'object');
  const meta = recordOf(object.metadata, 'metadata');
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      ...namespacedMetadata(raw),
      generation: typeof meta.generation === 'number' ? meta.generation : 0,
      ...(typeof meta.creationTimestamp === 'string' ? { creationTimestamp: meta.creationTimestamp } : {}),
      ...(typeof meta.deletionTimestamp === 'string' ? { deletionTimestamp: meta.deletionTimestamp } : {}),
      ...requestAnnotations(meta.annotations),
    },
    // Checked by `validate`: until then the type is a wish, not a fact.
    spec: object.spec as PatchIntent['spec'],
    status: readStatus(object.status),
  };
}

/** The value of the annotation that asks for a reconcile; ours wins over Flux's. */
export function requestedAt(meta: ObjectMeta): string | undefined {
  return meta.annotations?.[REQUESTED_AT] ?? meta.annotations?.[FLUX_REQUESTED_AT];
}

function requestAnnotations(annotations: unknown): Pick<ObjectMeta, 'annotations'> {
  if (!isRecord(annotations)) return {};
  const kept: Record<string, string> = {};
  for (const name of [REQUESTED_AT, FLUX_REQUESTED_AT]) {
    const value = annotations[name];
    if (typeof value === 'string') kept[name] = value;
  }
  return Object.keys(kept).length === 0 ? {} : { annotations: kept };
}
