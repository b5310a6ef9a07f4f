import { GUARDS } from '../../api/guards/index.ts';
import { TARGET_KINDS } from '../../api/guards/requester.ts';
import { GROUP, PLURAL } from '../../api/types.ts';

// What the operator needs, as the templates of the chart grant it. A test of the chart runs its whole life with those.

export interface Permission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
}

const all = (verbs: readonly string[], rest: Omit<Permission, 'verb'>): readonly Permission[] =>
  verbs.map((verb) => ({ verb, ...rest }));

export const EVENTS = all(['create', 'patch'], { group: 'events.k8s.io', resource: 'events' });

/** Where intents are. */
export const INTENTS: readonly Permission[] = [
  ...all(['get', 'list', 'watch'], { group: GROUP, resource: PLURAL }),
  ...all(['update'], { group: GROUP, resource: PLURAL, subresource: 'status' }),
  ...EVENTS,
];

/** Where intents are, with policies. */
export const APPROVALS = all(['list', 'watch'], { group: GROUP, resource: 'patchapprovals' });

/** Of the cluster, with policies. */
export const POLICIES: readonly Permission[] = [
  ...all(['get', 'list', 'watch'], { group: GROUP, resource: 'patchpolicies' }),
  ...all(['update'], { group: GROUP, resource: 'patchpolicies', subresource: 'status' }),
  ...all(['list', 'watch'], { group: '', resource: 'namespaces' }),
];

/** Of the cluster, with guarded approvals. */
export const GUARD: readonly Permission[] = [GUARDS.approver, GUARDS['requested-by']].flatMap(({ policy }) =>
  ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'].map((resource) => ({
    verb: 'get',
    group: 'admissionregistration.k8s.io',
    resource,
    name: policy.metadata.name,
  })),
);

/** Where targets are, with live plans. */
export const AUTOSCALERS = all(['list', 'watch'], { group: 'autoscaling', resource: 'horizontalpodautoscalers' });
/** The same where the cluster has KEDA. */
export const SCALED_OBJECTS = all(['list', 'watch'], { group: 'keda.sh', resource: 'scaledobjects' });

/** What plans of one kind of target need; which kinds there are is for the chart to say. */
export interface TargetRights {
  readonly kind: string;
  readonly scale: Permission;
  readonly metadata: Permission;
  readonly patch: Permission;
}

export const TARGETS: readonly TargetRights[] = TARGET_KINDS.map(({ apiVersion, kind, resource }) => {
  const of = { group: apiVersion.split('/')[0] ?? '', resource };
  return {
    kind,
    scale: { verb: 'get', ...of, subresource: 'scale' },
    metadata: { verb: 'get', ...of },
    patch: { verb: 'patch', ...of },
  };
});

export const onLease = (name: string): readonly Permission[] => {
  const leases = { group: 'coordination.k8s.io', resource: 'leases' };
  return [
    { verb: 'get', ...leases, name },
    { verb: 'create', ...leases },
    { verb: 'update', ...leases, name },
  ];
};

/** `get deployments/scale.apps`. */
export function permissionText({ verb, group, resource, subresource, name }: Permission): string {
  const what = `${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
  return `${verb} ${what}${name === undefined ? '' : ` ${name}`}`;
}

/** The rule to add to a Role. */
export function ruleText({ verb, group, resource, subresource }: Permission): string {
  return `apiGroups: ["${group}"], resources: ["${resource}${subresource === undefined ? '' : `/${subresource}`}"], verbs: ["${verb}"]`;
}
