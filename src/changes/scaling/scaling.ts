import { Rejected } from '../../api/errors.ts';
import type { ResolvedSpec } from '../../api/resolve.ts';
import type { Plan } from '../../kpt/change.ts';
import type { ChangeType } from '../change-type.ts';
import { intentWarnings } from '../intent-warnings.ts';

/** The kinds whose `spec.replicas` means a number of pods. A DaemonSet or a Job has no such field. */
const SCALABLE: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'ReplicaSet']);
const API_VERSION = 'apps/v1';

/** Sets `spec.replicas` of a workload. */
export const scaling: ChangeType = Object.freeze({ type: 'scaling', plan });

function plan(spec: ResolvedSpec): Plan {
  const { targetApiVersion: apiVersion, targetKind: kind, target: name, namespace, replicas } = spec;
  if (apiVersion !== API_VERSION || !SCALABLE.has(kind)) throw unsupported(apiVersion, kind);
  return {
    change: { type: 'scaling', target: { apiVersion, kind, namespace, name }, values: { replicas } },
    patch: { apiVersion, kind, metadata: { name, namespace }, spec: { replicas } },
    summary: `replicas → ${replicas}`,
    undo: undo(kind, name, namespace),
    warnings: intentWarnings(spec),
  };
}

function undo(kind: string, name: string, namespace: string): string {
  return `Where kustomize applies the component, take it out of \`components\` and build again: the number of the base holds again.
Where the patch was applied by kubectl, set the number that was there before:
\`kubectl scale ${kind.toLowerCase()}/${name} --namespace ${namespace} --replicas=<number>\`.`;
}

function unsupported(apiVersion: string, kind: string): Rejected {
  const kinds = [...SCALABLE].join(', ');
  const asked = JSON.stringify(`${apiVersion} ${kind}`.slice(0, 128));
  return new Rejected(
    'UnsupportedTargetKind',
    `scaling does not work on ${asked}; it works on ${kinds} of ${API_VERSION}`,
  );
}
