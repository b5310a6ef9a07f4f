import { systemClock } from '../../src/platform/clock.ts';
import { loadAccess } from '../../src/platform/kubernetes/access.ts';
import { ApiError, type ApiRequest } from '../../src/platform/kubernetes/client.ts';
import { createKubeClient } from '../../src/platform/kubernetes/http-client.ts';
import type { AttachedControlPlane } from '../../tools/control-plane/attached.ts';

/** Somebody with a client certificate, and so with no rights but those that are granted to the name or the groups. */
export interface Person {
  readonly name: string;
  /** `201`, or the code and the words of the refusal: `403 patchintents.patchgen.dev "web" is forbidden: …`. */
  ask(method: ApiRequest['method'], path: string, body?: unknown, contentType?: string): Promise<string>;
  close(): Promise<void>;
}

export async function personOf(
  plane: AttachedControlPlane,
  name: string,
  groups: readonly string[] = [],
): Promise<Person> {
  const access = await loadAccess({ kubeconfig: await plane.kubeconfigFor(name, groups), env: {} });
  const client = createKubeClient(access, { clock: systemClock, userAgent: `test/${name}`, connections: 4 });
  return {
    name,
    async ask(method, path, body, contentType) {
      try {
        const type = contentType === undefined ? {} : { contentType };
        return `${(await client.request({ method, path, body, ...type })).status}`;
      } catch (error) {
        if (error instanceof ApiError) return `${error.status} ${error.message}`;
        throw error;
      }
    },
    close: () => client.close(),
  };
}

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Lets somebody do this in one namespace, and resolves once the server knows. The name is that of role and binding. */
export async function grant(
  plane: AttachedControlPlane,
  namespace: string,
  name: string,
  user: string,
  rules: readonly PolicyRule[],
): Promise<void> {
  const base = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const head = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name } };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  for (const [resource, body] of [
    ['roles', { ...head, kind: 'Role', rules }],
    ['rolebindings', { ...head, kind: 'RoleBinding', subjects, roleRef }],
  ] as const) {
    const { status, body: said } = await plane.request('POST', `${base}/${resource}`, body);
    if (status !== 201) throw new Error(`${resource} ${name}: ${status} ${JSON.stringify(said)}`);
  }
  const last = rules.at(-1);
  const [resource = '', subresource = ''] = (last?.resources.at(-1) ?? '').split('/');
  const attributes = { namespace, group: last?.apiGroups[0], verb: last?.verbs[0], resource, subresource };
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes: { ...attributes, name: last?.resourceNames?.[0] } },
  };
  for (;;) {
    const { body } = await plane.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
    if ((body as { status?: { allowed?: boolean } }).status?.allowed === true) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
