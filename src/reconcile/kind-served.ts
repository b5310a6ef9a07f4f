import { GROUP, VERSION } from '../api/types.ts';
import { ApiError, type KubeClient } from '../platform/kubernetes/client.ts';

/** Path of everything of ours. */
export const BASE = `/apis/${GROUP}/${VERSION}`;

interface Discovery {
  readonly resources?: readonly { readonly name?: string; readonly verbs?: readonly string[] }[];
}

/** Whether a kind of ours is served and not terminating: discovery offers `create` only then. */
export async function kindIsServed(client: KubeClient, plural: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { body } = await client.request<Discovery>({ method: 'GET', path: BASE, signal });
    return body.resources?.some(({ name, verbs }) => name === plural && verbs?.includes('create')) ?? false;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}
