import type { PolicyStatus } from '../../api/schema/patchpolicy.ts';
import { API_VERSION, GROUP, VERSION } from '../../api/types.ts';
import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { projectPolicy, type StoredPolicy } from './stored-policy.ts';

/** What the books ask of the API server. */
export interface PolicyApi {
  /** The live policy, or undefined on 404. */
  get(name: string, signal: AbortSignal): Promise<StoredPolicy | undefined>;
  /** Replaces the status of exactly this version; resolves to the new resourceVersion. 409 when the policy moved. */
  putStatus(version: PolicyVersion, status: PolicyStatus, signal: AbortSignal): Promise<string>;
}

export type PolicyVersion = Pick<StoredPolicy['metadata'], 'name' | 'uid' | 'resourceVersion'>;

export const POLICIES_PATH = `/apis/${GROUP}/${VERSION}/patchpolicies`;
// A ledger is up to 310 kB: metadata is all that is needed of the answer.
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
/** An intent waits for the answer, and its run ends after a minute. */
const TIMEOUT_MS = 10_000;

/** `mayWrite` is asked as each write goes out: it may have waited for a connection past the lease. */
export function createPolicyApi(client: KubeClient, mayWrite: () => boolean): PolicyApi {
  return {
    async get(name, signal) {
      try {
        const { body } = await client.request({ method: 'GET', path: pathOf(name), signal, timeoutMs: TIMEOUT_MS });
        return projectPolicy(body);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }
    },
    async putStatus({ name, uid, resourceVersion }, status, signal) {
      const { body } = await client.request<{ metadata?: { resourceVersion?: string } }>({
        method: 'PUT',
        path: `${pathOf(name)}/status`,
        body: { apiVersion: API_VERSION, kind: 'PatchPolicy', metadata: { name, uid, resourceVersion }, status },
        accept: METADATA_ONLY,
        signal,
        timeoutMs: TIMEOUT_MS,
        maySend: mayWrite,
      });
      return body.metadata?.resourceVersion ?? resourceVersion;
    },
  };
}

const pathOf = (name: string): string => `${POLICIES_PATH}/${encodeURIComponent(name)}`;
