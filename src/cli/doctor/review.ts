import type { KubeClient } from '../../platform/kubernetes/client.ts';
import type { Permission } from './rights.ts';

/** Whether the caller holds a right in a namespace, or undefined: everywhere. Asked of the API server, which every user may. */
export async function holds(
  client: KubeClient,
  permission: Permission,
  namespace: string | undefined,
): Promise<boolean> {
  const answer = await client.request<{ readonly status?: { readonly allowed?: boolean } }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { ...permission, ...(namespace === undefined ? {} : { namespace }) } },
    },
  });
  return answer.body.status?.allowed === true;
}

export const placeText = (namespace: string | undefined): string =>
  namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
