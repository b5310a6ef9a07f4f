import { onTestFinished } from 'vitest';
import type { AttachedControlPlane } from '../../tools/control-plane/attached.ts';
import { eventually } from './eventually.ts';
import type { PolicyRule } from './person.ts';

const BASE = '/apis/rbac.authorization.k8s.io/v1';

/** Lets somebody do this in the whole cluster, and resolves once the server knows. The name is that of role and binding. */
export async function grantInCluster(
  plane: AttachedControlPlane,
  name: string,
  user: string,
  rules: readonly PolicyRule[],
): Promise<void> {
  const head = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name } };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  await create(plane, 'clusterroles', { ...head, kind: 'ClusterRole', rules });
  await create(plane, 'clusterrolebindings', { ...head, kind: 'ClusterRoleBinding', subjects, roleRef });
  for (const rule of rules) await eventually(`${user} may do it`, () => isAllowed(plane, user, rule));
}

/** The same until the test ends. */
export async function grantInClusterForTest(...args: Parameters<typeof grantInCluster>): Promise<void> {
  const [plane, name] = args;
  onTestFinished(async () => {
    for (const plural of ['clusterrolebindings', 'clusterroles'])
      await plane.request('DELETE', `${BASE}/${plural}/${name}`);
  });
  await grantInCluster(...args);
}

async function create(plane: AttachedControlPlane, plural: string, body: object): Promise<void> {
  const answer = await plane.request('POST', `${BASE}/${plural}`, body);
  if (answer.status !== 201) throw new Error(`${plural}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

async function isAllowed(
  plane: AttachedControlPlane,
  user: string,
  { apiGroups, resources, resourceNames, verbs }: PolicyRule,
): Promise<boolean> {
  const [resource = '', subresource = ''] = (resources.at(-1) ?? '').split('/');
  const resourceAttributes = { group: apiGroups[0], resource, subresource, verb: verbs[0], name: resourceNames?.[0] };
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes },
  };
  const { body } = await plane.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
  return (body as { status?: { allowed?: boolean } }).status?.allowed === true;
}
