import { API_VERSION, KIND, type PatchIntent, type PatchIntentStatus, PLURAL } from '../api/types.ts';
import { ApiError, type KubeClient } from '../platform/kubernetes/client.ts';
import { packageKeyOf } from './key.ts';
import { BASE, kindIsServed } from './kind-served.ts';
import { projectIntent } from './project.ts';

/** What a reconcile asks of the API server. */
export interface IntentApi {
  /** The live object, or undefined on 404. */
  get(key: string, signal: AbortSignal): Promise<PatchIntent | undefined>;
  /** Replaces the status of exactly this version; resolves to the new resourceVersion. 409 when the object moved. */
  putStatus(intent: PatchIntent, status: PatchIntentStatus, signal: AbortSignal): Promise<string>;
  /** Whether the kind is served and not terminating: discovery offers `create` only then. */
  kindIsServed(signal: AbortSignal): Promise<boolean>;
}

// Metadata is enough to learn the new version, and spares the server and us the encoding of the rest.
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/** `mayWrite` is asked as each write goes out: it may have waited for a connection past the lease. */
export function createIntentApi(client: KubeClient, mayWrite: () => boolean): IntentApi {
  return {
    async get(key, signal) {
      try {
        return projectIntent((await client.request({ method: 'GET', path: pathOf(key), signal })).body);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }
    },
    async putStatus({ metadata }, status, signal) {
      const { name, namespace, resourceVersion } = metadata;
      const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace, resourceVersion }, status };
      const path = `${pathOf(`${namespace}/${name}`)}/status`;
      const answer = await client.request<{ metadata?: { resourceVersion?: string } }>({
        method: 'PUT',
        path,
        body,
        accept: METADATA_ONLY,
        signal,
        maySend: mayWrite,
      });
      return answer.body.metadata?.resourceVersion ?? resourceVersion;
    },
    kindIsServed: (signal) => kindIsServed(client, PLURAL, signal),
  };
}

/** The collection path of one namespace, or of all. */
export function collectionPath(namespace?: string): string {
  return namespace === undefined
    ? `${BASE}/${PLURAL}`
    : `${BASE}/namespaces/${encodeURIComponent(namespace)}/${PLURAL}`;
}

function pathOf(key: string): string {
  const { namespace, intent } = packageKeyOf(key);
  return `${collectionPath(namespace)}/${encodeURIComponent(intent)}`;
}
