import type { Crd, PrinterColumn } from './crd.ts';
import { PatchApprovalSchema } from './schema/patchapproval.ts';
import { PatchPolicySchema } from './schema/patchpolicy.ts';
import { type JsonSchema, toStructural } from './structural.ts';
import { GROUP, VERSION } from './types.ts';

// The operator does not enforce policies yet, so these are shipped nowhere: they are the source of the field reference,
// and tests serve them.

const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since the creation.',
};

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly scope: Crd['spec']['scope'];
  readonly columns: readonly PrinterColumn[];
  readonly selectable: readonly string[];
  readonly schema: unknown;
}

/** The CustomResourceDefinition of PatchPolicy. Pure: the same object each time. */
export function patchPolicyCrd(): Crd {
  return crdOf({
    kind: 'PatchPolicy',
    plural: 'patchpolicies',
    shortName: 'pp',
    scope: 'Cluster',
    columns: [AGE],
    selectable: [],
    schema: PatchPolicySchema,
  });
}

/** The CustomResourceDefinition of PatchApproval. Pure: the same object each time. */
export function patchApprovalCrd(): Crd {
  return crdOf({
    kind: 'PatchApproval',
    plural: 'patchapprovals',
    shortName: 'pa',
    scope: 'Namespaced',
    columns: [
      { name: 'Intent', type: 'string', jsonPath: '.spec.intent', description: 'What was decided on.' },
      { name: 'Decision', type: 'string', jsonPath: '.spec.decision', description: 'Approve or Reject.' },
      { name: 'Approver', type: 'string', jsonPath: '.spec.approver', description: 'Who decided.' },
      AGE,
    ],
    selectable: ['.spec.intent'],
    schema: PatchApprovalSchema,
  });
}

function crdOf({ kind, plural, shortName, scope, columns, selectable, schema }: Kind): Crd {
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
          selectableFields: selectable.map((jsonPath) => ({ jsonPath })),
          subresources: {},
          schema: { openAPIV3Schema: toStructural(JSON.parse(JSON.stringify(schema)) as JsonSchema) },
        },
      ],
    },
  };
}
