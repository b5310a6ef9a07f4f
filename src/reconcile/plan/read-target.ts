import { groupOf } from '../../api/custom-kind.ts';
import { ApiError, DecodeError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { type OwnedMetadata, ownerOf } from '../../policy/owner.ts';
import type { Target } from '../permit/world.ts';
import { rightOf } from './missing-right.ts';
import type { Remembered, Version } from './target-memory.ts';
import type { TargetPlace } from './target-place.ts';

export interface Scale extends Version {
  readonly replicas: number;
}

/** The metadata of a target as far as it counts. */
export interface TargetMetadata extends Version {
  readonly remembered: Remembered;
}

// The server leaves spec and status out; pod templates can be large.
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const REPLICAS = ['spec', 'replicas'] as const;

interface ObjectMetadata extends OwnedMetadata {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
}

type Client = Pick<KubeClient, 'request'>;

/** The scale of a target. Throws ApiError and ConnectionError for a server that does not answer. */
export async function readScale(
  client: Client,
  place: TargetPlace,
  signal: AbortSignal,
): Promise<Scale | 'missing' | 'forbidden' | 'without-number'> {
  try {
    const path = `${place.path}/scale`;
    const { body } = await client.request<ScaleBody>({ method: 'GET', path, signal });
    // Zero is left out on the wire.
    return { ...versionOf(body?.metadata), replicas: body?.spec?.replicas ?? 0 };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return 'missing';
    if (error.status === 403) return 'forbidden';
    if (NO_NUMBER.test(error.message)) return 'without-number';
    throw error;
  }
}

interface ScaleBody {
  readonly metadata?: ObjectMetadata;
  readonly spec?: { readonly replicas?: number };
}

/** What the API server says of a custom object without the field; how many replicas that means only its controller knows. */
const NO_NUMBER = /the spec replicas field .* does not exist/;

/** The metadata of a target. Throws as `readScale` does. */
export async function readMetadata(
  client: Client,
  { path }: TargetPlace,
  { apiVersion, kind, namespace, name }: Target,
  signal: AbortSignal,
): Promise<TargetMetadata | 'missing' | 'forbidden'> {
  try {
    const { body } = await client.request<{ readonly metadata?: ObjectMetadata }>({
      method: 'GET',
      path,
      accept: METADATA_ONLY,
      signal,
    });
    const metadata = body?.metadata ?? {};
    const owner = ownerOf(metadata, REPLICAS, { group: groupOf(apiVersion), kind, namespace, name });
    const { generation, labels = {} } = metadata;
    const remembered = {
      ...(generation === undefined ? {} : { generation }),
      labels,
      ...(owner === undefined ? {} : { owner }),
    };
    return { ...versionOf(metadata), remembered };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return 'missing';
    if (error instanceof ApiError && error.status === 403) return 'forbidden';
    throw error;
  }
}

/** The words for a target that may not be read; `what` is the subresource with its slash, or nothing. */
export function forbidden({ group, plural }: TargetPlace, namespace: string, what: '' | '/scale'): string {
  return rightOf({ verb: 'get', group, resource: `${plural}${what}`, namespace });
}

function versionOf({ uid, resourceVersion }: ObjectMetadata = {}): Version {
  if (uid === undefined || resourceVersion === undefined) throw new DecodeError('an object without uid or version');
  return { uid, resourceVersion };
}
