import { groupOf, isCustomKind } from '../../api/custom-kind.ts';
import { Rejected } from '../../api/errors.ts';
import type { ResolvedSpec } from '../../api/resolve.ts';
import { warningsOf } from '../../api/strict.ts';
import type { Plan } from '../../kpt/change.ts';
import type { ChangeType } from '../change-type.ts';

/** The kinds whose `spec.replicas` means a number of pods. A DaemonSet or a Job has no such field. */
const SCALABLE: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'ReplicaSet']);
const API_VERSION = 'apps/v1';

interface Scaling {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
}

/** Sets `spec.replicas` of a workload. */
export const scaling: ChangeType = Object.freeze({ type: 'scaling', plan, planOf });

function plan(spec: ResolvedSpec): Plan {
  const { targetApiVersion: apiVersion, targetKind: kind, target: name, namespace, replicas } = spec;
  if (!isScalable(apiVersion, kind)) throw unsupported(apiVersion, kind);
  return planFor({ apiVersion, kind, name, namespace, replicas }, warningsOf(spec));
}

function planOf(patch: unknown): Plan | undefined {
  const { apiVersion, kind, metadata, spec } = membersOf(patch);
  const { name, namespace } = membersOf(metadata);
  const { replicas } = membersOf(spec);
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isScalable(apiVersion, kind)) return undefined;
  if (typeof name !== 'string' || typeof namespace !== 'string' || !Number.isSafeInteger(replicas)) return undefined;
  return planFor({ apiVersion, kind, name, namespace, replicas: Number(replicas) }, []);
}

function planFor({ apiVersion, kind, name, namespace, replicas }: Scaling, warnings: readonly string[]): Plan {
  return {
    change: { type: 'scaling', target: { apiVersion, kind, namespace, name }, values: { replicas } },
    patch: { apiVersion, kind, metadata: { name, namespace }, spec: { replicas } },
    summary: `replicas → ${replicas}`,
    undo: undo(apiVersion, kind, name, namespace),
    warnings,
  };
}

function undo(apiVersion: string, kind: string, name: string, namespace: string): string {
  // kubectl finds a custom kind by kind and group, whatever its resource is called.
  const resource = isCustomKind(apiVersion) ? `${kind}.${groupOf(apiVersion)}` : kind.toLowerCase();
  return `Where kustomize applies the component, take it out of \`components\` and build again: the number of the base holds again.
Where the patch was applied by kubectl, set the number that was there before:
\`kubectl scale ${resource}/${name} --namespace ${namespace} --replicas=<number>\`.`;
}

/** A custom kind may be; only its cluster knows, so reading the live target finds out. */
function isScalable(apiVersion: string, kind: string): boolean {
  return isCustomKind(apiVersion) || (apiVersion === API_VERSION && SCALABLE.has(kind));
}

function unsupported(apiVersion: string, kind: string): Rejected {
  const kinds = [...SCALABLE].join(', ');
  const asked = JSON.stringify(`${apiVersion} ${kind}`.slice(0, 128));
  return new Rejected(
    'UnsupportedTargetKind',
    `scaling does not work on ${asked}; it works on ${kinds} of ${API_VERSION}, and on custom kinds with a scale subresource`,
  );
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
