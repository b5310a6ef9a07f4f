import { GROUP, PLURAL } from '../../api/types.ts';
import { type DoctorCheck, failed, ok, type Verdict } from './check.ts';
import type { FindCluster } from './cluster-checks.ts';
import { REACHABLE } from './cluster-checks.ts';

export interface PermissionScope {
  /** Empty: all namespaces. */
  readonly watchNamespaces: readonly string[];
  readonly leaderElect: boolean;
  readonly leaseName: string;
  /** Undefined: the namespace of the access. */
  readonly leaseNamespace: string | undefined;
}

interface Permission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
}

const EVENTS_GROUP = 'events.k8s.io';
const LEASE_GROUP = 'coordination.k8s.io';

const EVENTS: readonly Permission[] = ['create', 'patch'].map((verb) => ({
  verb,
  group: EVENTS_GROUP,
  resource: 'events',
}));
const IN_WATCHED: readonly Permission[] = [
  ...['get', 'list', 'watch'].map((verb) => ({ verb, group: GROUP, resource: PLURAL })),
  { verb: 'update', group: GROUP, resource: PLURAL, subresource: 'status' },
  ...EVENTS,
];

/** May this user do all that the operator does? One check per permission. */
export function permissionChecks(find: FindCluster, scope: PermissionScope): readonly DoctorCheck[] {
  const namespaces = scope.watchNamespaces.length === 0 ? [undefined] : scope.watchNamespaces;
  const watched = namespaces.flatMap((namespace) => IN_WATCHED.map((it) => checkOf(find, it, async () => namespace)));
  if (!scope.leaderElect) return watched;
  const leaseNamespace = async (): Promise<string> => scope.leaseNamespace ?? (await find()).access.namespace;
  const onLease: readonly Permission[] = [
    { verb: 'get', group: LEASE_GROUP, resource: 'leases', name: scope.leaseName },
    { verb: 'create', group: LEASE_GROUP, resource: 'leases' },
    { verb: 'update', group: LEASE_GROUP, resource: 'leases', name: scope.leaseName },
    // Held removals are told by an Event on the Lease. Where all namespaces are watched, this is in them already.
    ...(scope.watchNamespaces.length === 0 ? [] : EVENTS),
  ];
  return [...watched, ...onLease.map((it) => checkOf(find, it, leaseNamespace))];
}

function checkOf(find: FindCluster, permission: Permission, where: () => Promise<string | undefined>): DoctorCheck {
  const { verb, resource, subresource, group, name } = permission;
  const what = `${resource}${subresource === undefined ? '' : `/${subresource}`}.${group}`;
  return {
    area: 'permissions',
    name: `${verb} ${what}${name === undefined ? '' : ` ${name}`}`,
    needs: REACHABLE,
    run: async () => review(find, permission, await where()),
  };
}

async function review(find: FindCluster, permission: Permission, namespace: string | undefined): Promise<Verdict> {
  const { client } = await find();
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { ...permission, ...(namespace === undefined ? {} : { namespace }) } },
  };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const answer = await client.request<{ readonly status?: { readonly allowed?: boolean; readonly reason?: string } }>({
    method: 'POST',
    path,
    body,
  });
  const place = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  if (answer.body.status?.allowed === true) return ok(place);
  const { verb, group, resource, subresource } = permission;
  const rule = `apiGroups: ["${group}"], resources: ["${resource}${subresource === undefined ? '' : `/${subresource}`}"], verbs: ["${verb}"]`;
  return failed(
    `not allowed ${place}`,
    `add the rule {${rule}} to the ${namespace === undefined ? 'ClusterRole' : 'Role'} of the operator`,
  );
}
