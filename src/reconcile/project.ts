import { API_VERSION, FLUX_REQUESTED_AT, KIND, type ObjectMeta, type PatchIntent, REQUESTED_AT } from '../api/types.ts';
import { readStatus } from './stored-status.ts';

/**
 * What is kept of an intent: the parts that a reconcile reads. Labels, managed fields and other annotations are not kept, so
 * that 10,000 intents fit into a few megabytes. `spec` stays as the server stored it, valid or not; of the status only well-formed parts are kept.
 * Throws TypeError for something that is no object with a name, uid and resourceVersion.
 */
export function projectIntent(raw: unknown): PatchIntent {
  const object = record(raw, 'object');
  const meta = record(object.metadata, 'metadata');
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      name: text(meta.name, 'metadata.name'),
      namespace: text(meta.namespace, 'metadata.namespace'),
      uid: text(meta.uid, 'metadata.uid'),
      resourceVersion: text(meta.resourceVersion, 'metadata.resourceVersion'),
      generation: typeof meta.generation === 'number' ? meta.generation : 0,
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (!isRecord(value)) throw new TypeError(`${name} is no object`);
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${name} is missing`);
  return value;
}
