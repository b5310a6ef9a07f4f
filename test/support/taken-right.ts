import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { eventually } from './eventually.ts';
import type { OperatorAccount } from './operator-account.ts';
import { isRole, type Right, type RoleObject, rightsOf } from './rights.ts';

/**
 * Takes all that the roles of an account give on these resources (`deployments/scale`), and resolves once the API server acts
 * upon it. Throws where they give nothing on one of them.
 */
export async function takeRights(
  plane: ControlPlane,
  account: OperatorAccount,
  resources: readonly string[],
): Promise<void> {
  const taken = rightsOf(account.objects).filter(({ resource }) => resources.includes(resource));
  const missing = resources.filter((resource) => !taken.some((right) => right.resource === resource));
  if (missing.length > 0) throw new Error(`${account.username} has no right on ${missing.join(', ')}`);
  for (const role of account.objects.filter(isRole)) await put(plane, without(role, resources));
  for (const right of taken) await untilGone(plane, account.username, right);
}

function without(role: RoleObject, taken: readonly string[]): RoleObject {
  const rules = role.rules
    .map((rule) => ({ ...rule, resources: rule.resources?.filter((resource) => !taken.includes(resource)) ?? [] }))
    .filter(({ resources }) => resources.length > 0);
  return { ...role, rules };
}

async function put(plane: ControlPlane, role: RoleObject): Promise<void> {
  const { kind, metadata } = role;
  const place = kind === 'Role' ? `/namespaces/${metadata.namespace ?? 'default'}/roles` : '/clusterroles';
  const path = `/apis/rbac.authorization.k8s.io/v1${place}/${metadata.name}?fieldManager=helm&force=true`;
  const { status, body } = await plane.request('PATCH', path, role, 'application/apply-patch+yaml');
  if (status >= 300) throw new Error(`${kind} ${metadata.name}: ${status} ${JSON.stringify(body)}`);
}

/** The authorizer learns of roles by watches of its own, a moment after they are stored. */
async function untilGone(plane: ControlPlane, user: string, right: Right): Promise<void> {
  const [resource, subresource] = right.resource.split('/');
  const { group, verb, namespace } = right;
  const resourceAttributes = {
    group,
    resource,
    verb,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes },
  };
  await eventually(`${user} may not ${verb} ${right.resource}`, async () => {
    const answer = await plane.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
    return (answer.body as { status?: { allowed?: boolean } }).status?.allowed === false;
  });
}
