import type { AuditRecord } from './audit.ts';
import type { KubernetesObject } from './helm.ts';

/** A rule of a Role or ClusterRole. */
export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

export interface RoleObject extends KubernetesObject {
  readonly rules: readonly Rule[];
}

/** One verb on one resource in one place: the smallest right there is. */
export interface Right {
  /** Undefined: everywhere. */
  readonly namespace: string | undefined;
  readonly group: string;
  /** With its subresource: `patchintents/status`. */
  readonly resource: string;
  readonly verb: string;
  /** Empty: all names. */
  readonly names: readonly string[];
}

export const isRole = (object: KubernetesObject): object is RoleObject =>
  object.kind === 'Role' || object.kind === 'ClusterRole';

/** All rights that the roles among these objects give. */
export function rightsOf(objects: readonly KubernetesObject[]): readonly Right[] {
  return objects.filter(isRole).flatMap(({ kind, metadata, rules }) =>
    rules.flatMap(({ apiGroups = [], resources = [], verbs, resourceNames: names = [] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => ({
            namespace: kind === 'ClusterRole' ? undefined : metadata.namespace,
            group,
            resource,
            verb,
            names,
          })),
        ),
      ),
    ),
  );
}

/** Whether this request needed this right. */
export function uses({ verb, objectRef }: AuditRecord, right: Right): boolean {
  if (objectRef?.resource === undefined) return false;
  const { apiGroup = '', resource, subresource, namespace, name } = objectRef;
  return (
    right.verb === verb &&
    right.group === apiGroup &&
    right.resource === (subresource === undefined ? resource : `${resource}/${subresource}`) &&
    (right.namespace === undefined || right.namespace === namespace) &&
    (right.names.length === 0 || (name !== undefined && right.names.includes(name)))
  );
}

/** `update coordination.k8s.io/leases patchgen in default`, for comparisons and messages. */
export function rightInWords({ verb, group, resource, names, namespace }: Right): string {
  const where = namespace === undefined ? 'everywhere' : `in ${namespace}`;
  return [verb, `${group}/${resource}`, ...names, where].join(' ');
}
