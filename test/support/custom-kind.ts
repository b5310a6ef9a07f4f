import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { AttachedControlPlane } from '../../tools/control-plane/attached.ts';
import { eventually } from './eventually.ts';

export interface CustomKind {
  readonly group: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  /** Name of its CustomResourceDefinition. */
  readonly definition: string;
}

export interface CustomKindOptions {
  readonly kind?: string;
  /** Of the scale subresource; null: it has none. Default `.spec.replicas`. */
  readonly specReplicasPath?: string | null;
  readonly scope?: 'Namespaced' | 'Cluster';
  /** Default: a group of its own. */
  readonly group?: string;
}

const object = (properties: Readonly<Record<string, unknown>> = {}) => ({
  type: 'object',
  properties,
  'x-kubernetes-preserve-unknown-fields': true,
});

/** Installs a kind that resembles a Deployment and resolves when it is served. It goes when the test ends. */
export async function freshKind(plane: AttachedControlPlane, options: CustomKindOptions = {}): Promise<CustomKind> {
  const { kind = 'Rollout', specReplicasPath = '.spec.replicas', scope = 'Namespaced' } = options;
  const group = options.group ?? `g${randomUUID().slice(0, 8)}.example.dev`;
  // Not the word that the kind would make, so that nothing can guess it.
  const plural = `${kind.toLowerCase()}zz`;
  const definition = `${plural}.${group}`;
  const scale =
    specReplicasPath === null ? {} : { scale: { specReplicasPath, statusReplicasPath: '.status.replicas' } };
  const number = { type: 'integer', format: 'int32' };
  const spec = object({ replicas: number, size: number });
  await plane.kubectl(['create', '-f', '-'], {
    input: JSON.stringify({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: definition },
      spec: {
        group,
        scope,
        names: { plural, singular: `one${kind.toLowerCase()}`, kind },
        versions: [
          {
            name: 'v1alpha1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: object({ spec, status: object({ replicas: number }) }) },
            subresources: { status: {}, ...scale },
          },
        ],
      },
    }),
  });
  onTestFinished(async () => {
    await plane.kubectl(['delete', 'customresourcedefinition', definition, '--wait=false'], { allowFailure: true });
  });
  await plane.kubectl(['wait', '--for=condition=Established', `customresourcedefinition/${definition}`]);
  const apiVersion = `${group}/v1alpha1`;
  await eventually(`discovery shows ${definition}`, async () => {
    const { body } = await plane.request('GET', `/apis/${apiVersion}`);
    return JSON.stringify(body).includes(`"${plural}"`);
  });
  return { group, apiVersion, kind, plural, definition };
}
