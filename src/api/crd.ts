import { PatchIntentSchema } from './schema/patchintent.ts';
import { type JsonSchema, toStructural } from './structural.ts';
import { GROUP, KIND, PLURAL, VERSION } from './types.ts';

export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean';
  readonly jsonPath: string;
  readonly description: string;
  /** 1: only with `-o wide`. */
  readonly priority?: 1;
}

export interface CrdVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly additionalPrinterColumns: readonly PrinterColumn[];
  /** Never empty: the API server would leave it out, and what it stores is compared with this. */
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
  readonly subresources: { readonly status?: Readonly<Record<string, never>> };
  readonly schema: { readonly openAPIV3Schema: JsonSchema };
}

/** The part of an apiextensions.k8s.io/v1 CustomResourceDefinition that Patchgen uses. */
export interface Crd {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly CrdVersion[];
  };
}

export const READY = '.status.conditions[?(@.type=="Ready")]';

export const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since the creation.',
};

/** What `kubectl get pi` shows. */
export const COLUMNS: readonly PrinterColumn[] = [
  { name: 'Type', type: 'string', jsonPath: '.spec.intentType', description: 'The kind of change.' },
  { name: 'Target', type: 'string', jsonPath: '.spec.target', description: 'Name of the object to change.' },
  { name: 'Change', type: 'string', jsonPath: '.status.change', description: 'The change in short.' },
  { name: 'Ready', type: 'string', jsonPath: `${READY}.status`, description: 'Whether the intent is done.' },
  { name: 'Status', type: 'string', jsonPath: `${READY}.message`, description: 'The message of Ready.' },
  AGE,
  {
    name: 'Package',
    type: 'string',
    jsonPath: '.status.package.name',
    description: 'Name of the package on disk.',
    priority: 1,
  },
  {
    name: 'Correlation',
    type: 'string',
    jsonPath: '.spec.correlationId',
    description: 'Identifier given by the creator.',
    priority: 1,
  },
];

/** What tells one kind of ours from another. */
export interface KindOfOurs {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly scope: Crd['spec']['scope'];
  readonly columns: readonly PrinterColumn[];
  /** JSON paths that a field selector may name. */
  readonly selectable: readonly string[];
  readonly subresources: CrdVersion['subresources'];
  /** As TypeBox made it. */
  readonly schema: unknown;
}

/** The CustomResourceDefinition of PatchIntent, from the schema source. Pure: the same object each time. */
export function patchIntentCrd(): Crd {
  return crdOf({
    kind: KIND,
    plural: PLURAL,
    shortName: 'pi',
    scope: 'Namespaced',
    columns: COLUMNS,
    selectable: ['.spec.target', '.spec.correlationId'],
    subresources: { status: {} },
    schema: PatchIntentSchema,
  });
}

/** The CustomResourceDefinition of one kind of the group. */
export function crdOf(ours: KindOfOurs): Crd {
  const { kind, plural, shortName, scope, columns, selectable, subresources, schema } = ours;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['patchgen'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          ...(selectable.length === 0 ? {} : { selectableFields: selectable.map((jsonPath) => ({ jsonPath })) }),
          subresources,
          // Through JSON, so that nothing of TypeBox's own stays in the object.
          schema: { openAPIV3Schema: toStructural(JSON.parse(JSON.stringify(schema)) as JsonSchema) },
        },
      ],
    },
  };
}
