import { type DoctorCheck, failed, ok, type Verdict } from './check.ts';
import { type FindCluster, REACHABLE } from './cluster-checks.ts';
import { holds, placeText } from './review.ts';
import {
  APPROVALS,
  AUTOSCALERS,
  EVENTS,
  GUARD,
  INTENTS,
  onLease,
  type Permission,
  POLICIES,
  permissionText,
  ruleText,
} from './rights.ts';

export interface PermissionScope {
  /** Empty: all namespaces. */
  readonly watchNamespaces: readonly string[];
  /** Where targets may be beside those. */
  readonly allowedTargetNamespaces: readonly string[];
  readonly leaderElect: boolean;
  readonly leaseName: string;
  /** Undefined: the namespace of the access. */
  readonly leaseNamespace: string | undefined;
  readonly livePlans: boolean;
  readonly planDryRun: boolean;
  readonly policies: boolean;
  readonly approvalGuard: boolean;
}

/** May this user do all that the operator does? One check per permission. */
export function permissionChecks(find: FindCluster, scope: PermissionScope): readonly DoctorCheck[] {
  const { policies, approvalGuard, livePlans, leaderElect } = scope;
  const within = (namespaces: readonly (string | undefined)[], permissions: readonly Permission[]) =>
    namespaces.flatMap((namespace) => permissions.map((it) => checkOf(find, it, async () => namespace)));
  const watched = scope.watchNamespaces.length === 0 ? [undefined] : scope.watchNamespaces;
  const leaseNamespace = async (): Promise<string> => scope.leaseNamespace ?? (await find()).access.namespace;
  const lease = [
    ...onLease(scope.leaseName),
    // Held removals are told by an Event on the Lease. Where all namespaces are watched, this is in them already.
    ...(scope.watchNamespaces.length === 0 ? [] : EVENTS),
  ];
  return [
    ...within(watched, [...INTENTS, ...(policies ? APPROVALS : [])]),
    ...within([undefined], [...(policies ? POLICIES : []), ...(policies && approvalGuard ? GUARD : [])]),
    ...within(targetNamespaces(scope), livePlans ? AUTOSCALERS : []),
    ...(leaderElect ? lease.map((it) => checkOf(find, it, leaseNamespace)) : []),
  ];
}

/** Where targets are; undefined: everywhere. */
export function targetNamespaces({
  watchNamespaces,
  allowedTargetNamespaces,
}: Pick<PermissionScope, 'watchNamespaces' | 'allowedTargetNamespaces'>): readonly (string | undefined)[] {
  return watchNamespaces.length === 0 ? [undefined] : [...new Set([...watchNamespaces, ...allowedTargetNamespaces])];
}

function checkOf(find: FindCluster, permission: Permission, where: () => Promise<string | undefined>): DoctorCheck {
  return {
    area: 'permissions',
    name: permissionText(permission),
    needs: REACHABLE,
    run: async () => review(find, permission, await where()),
  };
}

async function review(find: FindCluster, permission: Permission, namespace: string | undefined): Promise<Verdict> {
  const { client } = await find();
  const place = placeText(namespace);
  if (await holds(client, permission, namespace)) return ok(place);
  return failed(
    `not allowed ${place}`,
    `add the rule {${ruleText(permission)}} to the ${namespace === undefined ? 'ClusterRole' : 'Role'} of the operator`,
  );
}
