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
  readonly selectableFields: readonly { readonly jsonPath: string }[];
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

const READY = '.status.conditions[?(@.type=="Ready")]';

/** What `kubectl get pi` shows. */
export const COLUMNS: readonly PrinterColumn[] = [
  { name: 'Type', type: 'string', jsonPath: '.spec.intentType', description: 'The kind of change.' },
  { name: 'Target', type: 'string', jsonPath: '.spec.target', description: 'Name of the object to change.' },
  { name: 'Change', type: 'string', jsonPath: '.status.change', description: 'The change in short.' },
  { name: 'Ready', type: 'string', jsonPath: `${READY}.status`, description: 'Whether the intent is done.' },
  { name: 'Status', type: 'string', jsonPath: `${READY}.message`, description: 'The message of Ready.' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since the creation.' },
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

/** The CustomResourceDefinition of PatchIntent, from the schema source. Pure: the same object each time. */
export function patchIntentCrd(): Crd {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: KIND.toLowerCase(),
        shortNames: ['pi'],
        categories: ['patchgen'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: COLUMNS,
          selectableFields: [{ jsonPath: '.spec.target' }, { jsonPath: '.spec.correlationId' }],
          subresources: { status: {} },
          // Through JSON, so that nothing of TypeBox's own stays in the object.
          schema: { openAPIV3Schema: toStructural(JSON.parse(JSON.stringify(PatchIntentSchema))) },
        },
      ],
    },
  };
}
